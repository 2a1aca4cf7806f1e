// What holds for every objective, or for a family of them.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/model/torch_compat.h"
#include "tests/core/loss/objectives.h"

namespace timbre::loss {
namespace {

using testing::Make;
using testing::ManyObjectives;
using testing::RandomInput;
using testing::Value;
using torch::indexing::Slice;

std::shared_ptr<Objective> InFp64(const ObjectiveConfig& config) {
  auto objective = Make(config);
  objective->to(torch::kDouble);
  return objective;
}

int64_t MostViews(const ObjectiveConfig& config) { return std::min<int64_t>(SupportedViews(config).max, 3); }

bool NormalisesRows(const ObjectiveConfig& config) {
  return std::holds_alternative<NtXentConfig>(config) || std::holds_alternative<DclConfig>(config) ||
         std::holds_alternative<DclwConfig>(config) || std::holds_alternative<PolyViewConfig>(config) ||
         std::holds_alternative<AlignUniformConfig>(config);
}

TEST(PropertiesTest, TheGradientEqualsFiniteDifferencesInFp64) {
  constexpr double kStep = 1e-6;
  for (const ObjectiveConfig& config : ManyObjectives()) {
    if (std::holds_alternative<SimSiamConfig>(config)) continue;  // its gradient is stopped on one side
    const auto objective = InFp64(config);
    ObjectiveInput input = RandomInput(MostViews(config));
    input.views.requires_grad_();
    objective->Compute(input).loss.backward();
    const torch::Tensor gradient = input.views.grad().reshape({-1});
    input.views = input.views.detach().clone();
    torch::Tensor flat = input.views.view({-1});
    for (int64_t i = 0; i < flat.numel(); ++i) {
      const double value = flat[i].item<double>();
      flat[i] = value + kStep;
      const double above = Value(*objective, input);
      flat[i] = value - kStep;
      const double below = Value(*objective, input);
      flat[i] = value;
      const double expected = gradient[i].item<double>();
      EXPECT_NEAR((above - below) / (2 * kStep), expected, 1e-6 * (1 + std::abs(expected)))
          << ObjectiveName(config) << " at " << i;
    }
  }
}

TEST(PropertiesTest, NeitherTheOrderOfClipsNorThatOfViewsMatters) {
  for (const ObjectiveConfig& config : ManyObjectives()) {
    const auto objective = InFp64(config);
    const ObjectiveInput input = RandomInput(MostViews(config));
    const double expected = Value(*objective, input);
    const torch::Tensor order = torch::tensor({3, 0, 5, 1, 4, 2}, torch::kLong);
    EXPECT_NEAR(Value(*objective, {.views = input.views.index({Slice(), order}),
                                   .target = input.target.index({Slice(), order}),
                                   .groups = input.groups.index({order})}),
                expected, 1e-9)
        << ObjectiveName(config);
    EXPECT_NEAR(Value(*objective,
                      {.views = input.views.flip(0), .target = input.target.flip(0), .groups = input.groups}),
                expected, 1e-9)
        << ObjectiveName(config);
  }
}

TEST(PropertiesTest, TheLengthOfAProjectionDoesNotMatterWhereItIsNormalised) {
  for (const ObjectiveConfig& config : ManyObjectives()) {
    if (!NormalisesRows(config)) continue;
    const auto objective = InFp64(config);
    ObjectiveInput input = RandomInput(MostViews(config));
    const double expected = Value(*objective, input);
    input.views = input.views * torch::rand({input.views.size(0), 6, 1}, torch::kDouble).add(0.1).mul(50);
    EXPECT_NEAR(Value(*objective, input), expected, 1e-9) << ObjectiveName(config);
  }
}

TEST(PropertiesTest, BarlowTwinsStandardisesEachDimensionAndVicRegIgnoresAShift) {
  const ObjectiveInput input = RandomInput(2, 32);
  const torch::Tensor scale = torch::tensor({10., 5., 20., 8., 30.}, torch::kDouble);
  const torch::Tensor shift = torch::tensor({1., -5., 2., 8., -3.}, torch::kDouble);
  const auto barlow = InFp64(BarlowTwinsConfig());
  EXPECT_NEAR(Value(*barlow, {.views = input.views * scale + shift}), Value(*barlow, input), 1e-4);
  const auto vicreg = InFp64(VicRegConfig());
  EXPECT_NEAR(Value(*vicreg, {.views = input.views + shift}), Value(*vicreg, input), 1e-9);
}

TEST(PropertiesTest, Bf16ProjectionsAtALowTemperatureDoNotOverflowAndGiveFp32) {
  for (const ObjectiveConfig& config : ManyObjectives()) {
    const auto objective = Make(config, 64);
    ObjectiveInput input = RandomInput(MostViews(config), 48, 64);
    // Far from normal lengths; half of the positives point the other way.
    input.views = (input.views * 30).to(torch::kBFloat16);
    input.views[1].slice(0, 0, 24) = -input.views[0].slice(0, 0, 24);
    input.target = input.target.to(torch::kBFloat16);
    const double expected = Value(
        *objective, {.views = input.views.to(torch::kFloat), .target = input.target, .groups = input.groups});
    input.views.requires_grad_();
    const model::AutocastGuard autocast(torch::kCPU, true);
    const torch::Tensor loss = objective->Compute(input).loss;
    EXPECT_EQ(loss.scalar_type(), torch::kFloat) << ObjectiveName(config);
    EXPECT_TRUE(std::isfinite(expected)) << ObjectiveName(config);
    EXPECT_EQ(loss.item<double>(), expected) << ObjectiveName(config);
    loss.backward();
    EXPECT_TRUE(input.views.grad().isfinite().all().item<bool>()) << ObjectiveName(config);
  }
}

TEST(PropertiesTest, ProjectionsThatAreAllAlikeLoseTheChanceValue) {
  for (const ObjectiveConfig& config : DefaultObjectives()) {
    const int64_t views = MostViews(config);
    const auto objective = InFp64(config);
    const double chance = objective->chance_loss(12, views);
    if (std::isnan(chance)) continue;
    const torch::Tensor alike = torch::full({views, 12, 5}, 0.7, torch::kDouble);
    EXPECT_NEAR(Value(*objective, {.views = alike}), chance, 1e-6) << ObjectiveName(config);
  }
}

TEST(PropertiesTest, EqualAndZeroProjectionsGiveFiniteGradients) {
  for (const ObjectiveConfig& config : ManyObjectives()) {
    const auto objective = InFp64(config);
    for (const double value : {0.0, 0.7}) {
      ObjectiveInput input = RandomInput(MostViews(config));
      input.views = torch::full_like(input.views, value).requires_grad_();
      objective->Compute(input).loss.backward();
      EXPECT_TRUE(input.views.grad().isfinite().all().item<bool>()) << ObjectiveName(config) << value;
    }
  }
}

TEST(PropertiesTest, PolyViewOfTwoViewsIsNtXent) {
  for (const bool mask : {false, true}) {
    ObjectiveInput input = RandomInput();
    input.views.requires_grad_();
    const torch::Tensor expected = Make(NtXentConfig{0.3, mask})->Compute(input).loss;
    const torch::Tensor expected_gradient = torch::autograd::grad({expected}, {input.views})[0];
    for (const auto method :
         {PolyViewMethod::kGeometric, PolyViewMethod::kArithmetic, PolyViewMethod::kSufficientStatistics}) {
      const torch::Tensor loss = Make(PolyViewConfig{method, 0.3, mask})->Compute(input).loss;
      EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-12);
      const torch::Tensor gradient = torch::autograd::grad({loss}, {input.views})[0];
      EXPECT_LE((gradient - expected_gradient).abs().max().item<double>(), 1e-12);
    }
  }
}

TEST(PropertiesTest, MaskingATracksOtherClipsIsRemovingTheirColumns) {
  const ObjectiveInput input = RandomInput();
  const int64_t clips = input.views.size(1), rows = 2 * clips;
  const torch::Tensor unit = torch::nn::functional::normalize(
      input.views.reshape({rows, -1}), torch::nn::functional::NormalizeFuncOptions().dim(1));
  double with_positive = 0, without = 0;
  for (int64_t i = 0; i < rows; ++i) {
    std::vector<int64_t> kept;
    for (int64_t k = 0; k < rows; ++k) {
      if (i % clips / 2 != k % clips / 2) kept.push_back(k);  // as RandomInput groups them
    }
    const torch::Tensor scores = unit.matmul(unit[i]) / 0.2;
    const torch::Tensor positive = scores[(i + clips) % rows].unsqueeze(0);
    const torch::Tensor negatives = scores.index({torch::tensor(kept, torch::kLong)});
    with_positive += (torch::logsumexp(torch::cat({negatives, positive}), 0) - positive).item<double>();
    without += (torch::logsumexp(negatives, 0) - positive).item<double>();
  }
  const auto count = static_cast<double>(rows);
  EXPECT_NEAR(Value(*Make(NtXentConfig{0.2, true}), input), with_positive / count, 1e-9);
  EXPECT_NEAR(Value(*Make(DclConfig{0.2, true}), input), without / count, 1e-9);
  EXPECT_NEAR(Value(*Make(PolyViewConfig{.temperature = 0.2, .mask_same_track = true}), input),
              with_positive / count, 1e-9);
}

TEST(PropertiesTest, WithoutTheOptionOrWithATrackForEachClipNothingIsMasked) {
  ObjectiveInput input = RandomInput();
  const double plain = Value(*Make(NtXentConfig{0.2}), {.views = input.views});
  EXPECT_EQ(Value(*Make(NtXentConfig{0.2, false}), input), plain);
  EXPECT_EQ(Value(*Make(NtXentConfig{0.2, true}), {.views = input.views}), plain);
  input.groups = torch::arange(6, torch::kLong) * 10;
  EXPECT_EQ(Value(*Make(NtXentConfig{0.2, true}), input), plain);
  input.groups = torch::arange(6, torch::kLong).floor_divide(2);
  EXPECT_LT(Value(*Make(NtXentConfig{0.2, true}), input), plain);
}

TEST(PropertiesTest, TheGeometricMeanIsNoLessThanTheArithmetic) {
  const ObjectiveInput input = RandomInput(4);
  EXPECT_GE(Value(*Make(PolyViewConfig{.method = PolyViewMethod::kGeometric}), input),
            Value(*Make(PolyViewConfig{.method = PolyViewMethod::kArithmetic}), input));
}

}  // namespace
}  // namespace timbre::loss
