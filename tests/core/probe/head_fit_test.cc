#include "core/probe/head_fit.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "tests/core/probe/made_embeddings.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

TEST(HeadFitTest, BetterIsAHigherMapThenALowerLoss) {
  const ValidationScore good = {0.8, 0.5}, better = {0.9, 0.7}, sharper = {0.8, 0.4};
  EXPECT_TRUE(better.BetterThan(good));
  EXPECT_TRUE(sharper.BetterThan(good));
  EXPECT_FALSE(good.BetterThan(good));
  EXPECT_FALSE(sharper.BetterThan(better));
  const ValidationScore loss_only = {std::nullopt, 0.5}, lower = {std::nullopt, 0.4};
  EXPECT_TRUE(lower.BetterThan(loss_only));
}

struct Parts {
  LabeledFeatures fit, validation;
  HeadFitInput Input() const { return {fit, validation, 8, 3}; }
};

Parts MakeParts() {
  const auto fit = Make({.count = 100, .seed = 1}, 3);
  const auto held_out = Make({.count = 60, .seed = 3}, 3);
  return {{fit.embeddings, fit.labels}, {held_out.embeddings, held_out.labels}};
}

TEST(HeadFitTest, EarlyStoppingKeepsTheBestEpoch) {
  const Parts parts = MakeParts();
  for (const auto& mlp : {std::optional<MlpConfig>(), std::optional(MlpConfig{16, 0.3})}) {
    int64_t last = 0;
    const auto count = [&](int64_t epoch) { last = epoch; };
    ProbeConfig config{.learning_rate = 0.3, .patience_epochs = 5, .mlp = mlp};
    TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit best, FitHead(parts.Input(), config, {}, count));
    EXPECT_EQ(last, best.epochs + 5);
    // A run that ends at the best epoch has the same weights: batches depend on seed and epoch alone.
    config.max_epochs = best.epochs;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit exact, FitHead(parts.Input(), config, {}, nullptr));
    EXPECT_EQ(weights::TagHeadToTensors(exact.head), weights::TagHeadToTensors(best.head));
  }
}

// tests/golden/probe_head/make_golden.py wrote the fits of scikit-learn.
TEST(HeadFitTest, LbfgsFindsTheLogisticRegressionOfScikitLearn) {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/probe_head/golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  const LabeledFeatures clips = {golden["features"].get<std::vector<float>>(),
                                 golden["labels"].get<std::vector<uint8_t>>()};
  const HeadFitInput input{clips, clips, golden["dim"], golden["tags"]};
  for (const auto& expected : golden["fits"]) {
    ProbeConfig config{.optimizer = Optimizer::kLbfgs, .l2_strength = expected["l2_strength"]};
    TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit fit, FitHead(input, config, {}, nullptr));
    EXPECT_LT(fit.epochs, 500);
    const auto weight = expected["weight"].get<std::vector<double>>();
    const auto bias = expected["bias"].get<std::vector<double>>();
    ASSERT_EQ(fit.head.layers[0].weight.size(), weight.size());
    for (size_t i = 0; i < weight.size(); ++i) EXPECT_NEAR(fit.head.layers[0].weight[i], weight[i], 1e-5);
    for (size_t i = 0; i < bias.size(); ++i) EXPECT_NEAR(fit.head.layers[0].bias[i], bias[i], 1e-5);
  }
}

TEST(HeadFitTest, AdamAndLbfgsMinimiseTheSame) {
  const Parts parts = MakeParts();
  const HeadFitInput input{parts.fit, parts.fit, 8, 3};
  ProbeConfig config{.learning_rate = 0.02, .max_epochs = 3000, .patience_epochs = 3000, .l2_strength = 0.05};
  TIMBRE_ASSERT_OK_AND_ASSIGN(HeadFit last, FitHead(input, config, {}, nullptr));
  config.optimizer = Optimizer::kLbfgs;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit optimum, FitHead(input, config, {}, nullptr));
  EXPECT_NEAR(last.score.loss, optimum.score.loss, 0.05);
  EXPECT_NEAR(*last.score.mean_average_precision, *optimum.score.mean_average_precision, 0.02);
}

TEST(HeadFitTest, MoreL2StrengthMakesSmallerWeights) {
  const Parts parts = MakeParts();
  double before = 1e9;
  for (const double strength : {1e-4, 1e-2, 1.0, 100.0}) {
    const ProbeConfig config{.optimizer = Optimizer::kLbfgs, .l2_strength = strength};
    TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit fit, FitHead(parts.Input(), config, {}, nullptr));
    double squares = 0;
    for (const float w : fit.head.layers[0].weight) squares += static_cast<double>(w) * w;
    EXPECT_LT(squares, before);
    before = squares;
  }
  EXPECT_LT(before, 1e-3);
}

TEST(HeadFitTest, ACancelEndsLbfgsToo) {
  const Parts parts = MakeParts();
  base::CancelSource source;
  source.Cancel(absl::CancelledError("by the user"));
  EXPECT_THAT(FitHead(parts.Input(), {.optimizer = Optimizer::kLbfgs}, source.token(), nullptr),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("by the user")));
}

}  // namespace
}  // namespace timbre::probe
