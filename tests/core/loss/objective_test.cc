#include "core/loss/objective.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "tests/core/loss/objectives.h"

namespace timbre::loss {
namespace {

using ::testing::HasSubstr;
using testing::Make;
using testing::RandomInput;
using timbre::testing::StatusIs;

TEST(ObjectiveTest, TheFactoryMakesEachAndOnlyByolWantsATarget) {
  for (const ObjectiveConfig& config : DefaultObjectives()) {
    const auto objective = Make(config);
    EXPECT_EQ(objective->wants_target(), ObjectiveName(config) == "byol");
    EXPECT_EQ(objective->view_range().max, SupportedViews(config).max);
    EXPECT_EQ(objective->view_range().min, 2);
  }
}

TEST(ObjectiveTest, ChanceValuesAreThoseOfTheFormulas) {
  EXPECT_NEAR(Make(NtXentConfig())->chance_loss(96, 2), std::log(191), 1e-12);
  EXPECT_NEAR(Make(DclConfig())->chance_loss(96, 2), std::log(190), 1e-12);
  EXPECT_NEAR(Make(PolyViewConfig())->chance_loss(96, 2), std::log(191), 1e-12);
  EXPECT_NEAR(Make(PolyViewConfig())->chance_loss(96, 4), std::log(381), 1e-12);
  EXPECT_EQ(Make(BarlowTwinsConfig(), 64)->chance_loss(96, 2), 64);
  EXPECT_EQ(Make(AlignUniformConfig())->chance_loss(96, 2), 0);
  for (const ObjectiveConfig& config :
       std::vector<ObjectiveConfig>{MseConfig(), ByolConfig(), SimSiamConfig(), VicRegConfig()}) {
    EXPECT_TRUE(std::isnan(Make(config)->chance_loss(96, 2))) << ObjectiveName(config);
  }
}

TEST(ObjectiveTest, ParametersOutsideTheirRangeAreRefusedByName) {
  for (const double temperature : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(MakeObjective({.config = DclConfig{.temperature = temperature}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("dcl.temperature is ")));
  }
  EXPECT_THAT(
      CheckObjective(ByolConfig{.ema_base = 1.5}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byol.ema_base is 1.5; it must be in [0, 1]")));
  EXPECT_THAT(MakeObjective({.config = ByolConfig(), .projection_dim = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("projection_dim")));
}

TEST(ObjectiveTest, InputsThatDoNotFitThrow) {
  const auto objective = Make(NtXentConfig());
  EXPECT_THROW(objective->Compute({.views = torch::ones({3, 4, 5})}), c10::Error);
  EXPECT_THROW(objective->Compute({.views = torch::ones({2, 1, 5})}), c10::Error);
  EXPECT_THROW(objective->Compute({.views = torch::ones({4, 5})}), c10::Error);
  EXPECT_THROW(Make(ByolConfig())->Compute({.views = torch::ones({2, 4, 5})}), c10::Error);
  EXPECT_THROW(Make(PolyViewConfig())->Compute({.views = torch::ones({33, 4, 5})}), c10::Error);
  EXPECT_THROW(objective->Compute({.views = torch::ones({2, 4, 5}), .groups = torch::arange(3)}), c10::Error);
}

TEST(ObjectiveTest, APredictorsWeightsComeOfItsSeedAlone) {
  const auto weights = [](uint64_t seed) {
    const auto objective = MakeObjective({.config = SimSiamConfig(), .projection_dim = 8, .seed = seed});
    return (*objective)->parameters()[0].detach().clone();
  };
  torch::manual_seed(1);
  const torch::Tensor first = weights(7);
  torch::manual_seed(2);
  EXPECT_TRUE(torch::equal(weights(7), first));
  EXPECT_FALSE(torch::equal(weights(8), first));
}

TEST(ObjectiveTest, OnlyByolAndSimSiamOwnParameters) {
  for (const ObjectiveConfig& config : DefaultObjectives()) {
    const size_t count = ObjectiveName(config) == "byol" ? 6 : ObjectiveName(config) == "simsiam" ? 5 : 0;
    EXPECT_EQ(Make(config)->parameters().size(), count) << ObjectiveName(config);
  }
}

TEST(ObjectiveTest, TheTargetsMomentumGoesFromItsBaseToOneByACosine) {
  const auto byol = Make(ByolConfig{.ema_base = 0.9});
  EXPECT_NEAR(byol->target_momentum(0, 1000), 0.9, 1e-12);
  EXPECT_NEAR(byol->target_momentum(500, 1000), 0.95, 1e-12);
  EXPECT_NEAR(byol->target_momentum(1000, 1000), 1, 1e-12);
}

TEST(ObjectiveTest, NoGradientFlowsIntoATarget) {
  ObjectiveInput input = RandomInput();
  input.views = input.views.to(torch::kFloat).requires_grad_();
  input.target = input.target.to(torch::kFloat).requires_grad_();
  Make(ByolConfig())->Compute(input).loss.backward();
  EXPECT_FALSE(input.target.grad().defined());
  EXPECT_TRUE(input.views.grad().defined());
}

// 2 - 2 cos twice is 4 + 4 times minus the mean cosine.
TEST(ObjectiveTest, SimSiamIsByolWithItsOwnStoppedViewsAsTarget) {
  const auto byol = Make(ByolConfig{.predictor_hidden_dim = 16});
  const auto simsiam = Make(SimSiamConfig{.predictor_hidden_dim = 16});
  {
    torch::NoGradGuard no_grad;
    const auto others = simsiam->named_parameters();
    for (auto& parameter : byol->named_parameters()) {
      const torch::Tensor* other = others.find(parameter.key());
      parameter.value().copy_(other != nullptr ? *other : torch::zeros_like(parameter.value()));
    }
  }
  torch::Tensor views = RandomInput().views.to(torch::kFloat).requires_grad_();
  const torch::Tensor a = byol->Compute({.views = views, .target = views.detach()}).loss;
  const torch::Tensor b = simsiam->Compute({.views = views}).loss;
  EXPECT_NEAR(a.item<double>(), 4 + 4 * b.item<double>(), 1e-5);
  const torch::Tensor difference =
      torch::autograd::grad({a}, {views})[0] - 4 * torch::autograd::grad({b}, {views})[0];
  EXPECT_LE(difference.abs().max().item<double>(), 1e-5);
}

TEST(ObjectiveTest, DiagnosticsAreNamed) {
  const auto names = [](const ObjectiveConfig& config) {
    ObjectiveInput input = RandomInput();
    input.views = input.views.to(torch::kFloat);
    input.target = input.target.to(torch::kFloat);
    std::vector<std::string> out;
    for (const auto& [name, value] : Make(config)->Compute(input).diagnostics) {
      EXPECT_TRUE(std::isfinite(value)) << name;
      out.push_back(name);
    }
    return out;
  };
  using ::testing::ElementsAre;
  const auto contrastive = ElementsAre("negative_similarity", "positive_similarity", "retrieval_accuracy");
  EXPECT_THAT(names(NtXentConfig()), contrastive);
  EXPECT_THAT(names(DclwConfig()), contrastive);
  EXPECT_THAT(names(PolyViewConfig()), contrastive);
  EXPECT_THAT(names(VicRegConfig()), ElementsAre("covariance", "invariance", "variance"));
  EXPECT_THAT(names(BarlowTwinsConfig()), ElementsAre("off_diagonal", "on_diagonal"));
  EXPECT_THAT(names(ByolConfig()), ElementsAre("positive_similarity"));
  EXPECT_THAT(names(SimSiamConfig()), ElementsAre("positive_similarity"));
  EXPECT_THAT(names(AlignUniformConfig()), ElementsAre("alignment", "uniformity"));
}

}  // namespace
}  // namespace timbre::loss
