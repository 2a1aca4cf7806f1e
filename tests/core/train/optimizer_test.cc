#include "core/train/optimizer.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace timbre::train {
namespace {

using Json = nlohmann::json;

Json Golden() {
  // tests/golden/optimizers/make_golden.py wrote them: the formulas in numpy, float64.
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/optimizers/optimizers.json");
  return Json::parse(file);
}

OptimizerConfig ConfigOf(const Json& golden) {
  const Json& c = golden["config"];
  OptimizerConfig config;
  const std::string kind = golden["kind"];
  config.kind = kind == "adam"     ? OptimizerKind::kAdam
                : kind == "adam_w" ? OptimizerKind::kAdamW
                : kind == "sgd"    ? OptimizerKind::kSgd
                                   : OptimizerKind::kLars;
  config.learning_rate = c["learning_rate"];
  config.weight_decay = c["weight_decay"];
  config.beta1 = c["beta1"];
  config.beta2 = c["beta2"];
  config.epsilon = c["epsilon"];
  config.momentum = c["momentum"];
  config.nesterov = c["nesterov"];
  config.trust_coefficient = c["trust_coefficient"];
  return config;
}

torch::Tensor TensorOf(const Json& values, const Json& shape) {
  return torch::tensor(values.get<std::vector<double>>(), torch::kDouble)
      .view(shape.get<std::vector<int64_t>>())
      .clone();
}

const std::vector<std::string> kNames = {"weight", "bias"};

std::vector<torch::Tensor> Start(const Json& golden) {
  std::vector<torch::Tensor> parameters;
  for (const std::string& name : kNames) {
    parameters.push_back(TensorOf(golden["start"][name], golden["shapes"][name]).requires_grad_());
  }
  return parameters;
}

void Step(const Json& golden, size_t step, double learning_rate, std::vector<torch::Tensor>& parameters,
          Optimizer& optimizer) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    parameters[i].mutable_grad() =
        TensorOf(golden["gradients"][kNames[i]][step], golden["shapes"][kNames[i]]);
  }
  optimizer.Step(learning_rate);
}

TEST(OptimizerTest, EachMovesAsItsFormulaSays) {
  const Json golden = Golden();
  for (const Json& item : golden["cases"]) {
    const OptimizerConfig config = ConfigOf(item);
    std::vector<torch::Tensor> parameters = Start(golden);
    const auto optimizer = MakeOptimizer(config, parameters);
    for (size_t step = 0; step < golden["gradients"]["bias"].size(); ++step) {
      Step(golden, step, config.learning_rate, parameters, *optimizer);
    }
    for (size_t i = 0; i < kNames.size(); ++i) {
      const torch::Tensor expected = TensorOf(item["end"][kNames[i]], golden["shapes"][kNames[i]]);
      EXPECT_LT((parameters[i] - expected).abs().max().item<double>(), 1e-12) << item["kind"] << kNames[i];
    }
  }
}

TEST(OptimizerTest, ARestoredOneGoesOnBitForBit) {
  const Json golden = Golden();
  for (const Json& item : golden["cases"]) {
    const OptimizerConfig config = ConfigOf(item);
    std::vector<torch::Tensor> whole = Start(golden);
    const auto optimizer = MakeOptimizer(config, whole);
    for (size_t step = 0; step < 2; ++step) Step(golden, step, 0.05, whole, *optimizer);

    std::stringstream bytes;
    torch::serialize::OutputArchive out;
    optimizer->Save(out);
    out.save_to(bytes);
    std::vector<torch::Tensor> restored;
    for (const torch::Tensor& parameter : whole)
      restored.push_back(parameter.detach().clone().requires_grad_());
    const auto again = MakeOptimizer(config, restored);
    torch::serialize::InputArchive in;
    in.load_from(bytes);
    again->Load(in);

    Step(golden, 2, 0.01, whole, *optimizer);
    Step(golden, 2, 0.01, restored, *again);
    for (size_t i = 0; i < whole.size(); ++i)
      EXPECT_TRUE(torch::equal(whole[i], restored[i])) << item["kind"];
  }
}

TEST(OptimizerTest, ParametersWithoutAGradientStay) {
  for (const OptimizerKind kind :
       {OptimizerKind::kAdam, OptimizerKind::kAdamW, OptimizerKind::kSgd, OptimizerKind::kLars}) {
    std::vector<torch::Tensor> parameters = {torch::ones({2, 2}).requires_grad_(),
                                             torch::ones({2}).requires_grad_()};
    const auto optimizer = MakeOptimizer({.kind = kind, .weight_decay = 0.1}, parameters);
    parameters[0].mutable_grad() = torch::ones({2, 2});
    optimizer->Step(0.1);
    EXPECT_FALSE(torch::equal(parameters[0], torch::ones({2, 2})));
    EXPECT_TRUE(torch::equal(parameters[1], torch::ones({2})));
  }
}

TEST(GradientTest, ClippingScalesToTheNormAndOnlyWhatHasMore) {
  const std::vector<torch::Tensor> parameters = {torch::zeros({2}).requires_grad_(),
                                                 torch::zeros({1}).requires_grad_()};
  EXPECT_EQ(GradientNorm(parameters), 0);
  parameters[0].mutable_grad() = torch::tensor({3.0F, 0.0F});
  parameters[1].mutable_grad() = torch::tensor({4.0F});
  EXPECT_DOUBLE_EQ(GradientNorm(parameters), 5);
  ClipGradients(parameters, 5, 10);
  EXPECT_DOUBLE_EQ(GradientNorm(parameters), 5);
  ClipGradients(parameters, 5, 1);
  EXPECT_NEAR(GradientNorm(parameters), 1, 1e-6);
  EXPECT_NEAR(parameters[1].grad().item<double>(), 0.8, 1e-6);
  ClearGradients(parameters);
  EXPECT_FALSE(parameters[0].grad().defined());
}

}  // namespace
}  // namespace timbre::train
