#include "core/loss/nt_xent.h"

#include <torch/torch.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/matchers.h"

namespace timbre::loss {
namespace {

double Loss(const torch::Tensor& views, double temperature = 0.5) {
  return NtXent({.temperature = temperature}).Compute({.views = views}).loss.item<double>();
}

torch::Tensor RandomViews(int64_t tracks, int64_t dim) {
  torch::manual_seed(4);
  return torch::randn({2, tracks, dim});
}

// Two equal views of N orthogonal tracks.
torch::Tensor PerfectViews(int64_t tracks) { return torch::eye(tracks).unsqueeze(0).repeat({2, 1, 1}); }

TEST(NtXentTest, ValueAndGradientEqualTheGoldenOnes) {
  // tests/golden/nt_xent/make_golden.py wrote them: the formula pair by pair, gradients by differences.
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/nt_xent/nt_xent.json");
  for (const auto& golden : nlohmann::json::parse(file)) {
    const auto values = golden["views"].get<std::vector<double>>();
    torch::Tensor views = torch::tensor(values, torch::kFloat)
                              .view(golden["shape"].get<std::vector<int64_t>>())
                              .requires_grad_();
    const torch::Tensor loss = NtXent({.temperature = golden["temperature"]}).Compute({.views = views}).loss;
    EXPECT_NEAR(loss.item<double>(), golden["loss"].get<double>(), 2e-6 * (1 + golden["loss"].get<double>()));
    loss.backward();
    const auto gradient = golden["gradient"].get<std::vector<double>>();
    for (size_t i = 0; i < gradient.size(); ++i) {
      EXPECT_NEAR(views.grad().view({-1})[static_cast<int64_t>(i)].item<double>(), gradient[i], 2e-5) << i;
    }
  }
}

TEST(NtXentTest, CollapsedProjectionsLoseTheChanceValue) {
  EXPECT_NEAR(Loss(torch::ones({2, 96, 64})), 5.2523, 1e-4);
  EXPECT_NEAR(NtXent({}).chance_loss(96, 2), 5.2523, 1e-4);
  EXPECT_NEAR(NtXent({}).chance_loss(48, 2), 4.554, 1e-3);
}

TEST(NtXentTest, PerfectPositivesWithOrthogonalNegativesLoseTheKnownValues) {
  EXPECT_NEAR(Loss(PerfectViews(96)), 3.285, 5e-4);
  EXPECT_NEAR(Loss(PerfectViews(48)), 2.619, 5e-4);
  EXPECT_NEAR(Loss(PerfectViews(256)), 4.249, 5e-4);
  EXPECT_NEAR(Loss(PerfectViews(96), 0.1), 0.0086, 1e-4);
}

TEST(NtXentTest, TheScaleOfAProjectionDoesNotMatter) {
  const torch::Tensor views = RandomViews(8, 16);
  const torch::Tensor scales = torch::linspace(0.01, 100, 16).view({2, 8, 1});
  EXPECT_NEAR(Loss(views * scales), Loss(views), 1e-5);
}

TEST(NtXentTest, NeitherTheOrderOfTracksNorThatOfViewsMatters) {
  const torch::Tensor views = RandomViews(8, 16);
  EXPECT_NEAR(Loss(views.index({torch::indexing::Slice(), torch::randperm(8)})), Loss(views), 1e-5);
  EXPECT_NEAR(Loss(views.flip(0)), Loss(views), 1e-5);
}

TEST(NtXentTest, SwappedPartnersLoseMore) {
  const torch::Tensor views = PerfectViews(8);
  const torch::Tensor swapped = torch::stack({views[0], views[1].roll(1, 0)});
  EXPECT_GT(Loss(swapped), Loss(views) + 1);
}

TEST(NtXentTest, ALowTemperatureDoesNotOverflow) {
  torch::Tensor views = RandomViews(8, 16).requires_grad_();
  for (double temperature : {0.05, 0.005}) {
    const torch::Tensor loss = NtXent({.temperature = temperature}).Compute({.views = views}).loss;
    EXPECT_TRUE(std::isfinite(loss.item<double>()));
    loss.backward();
    EXPECT_TRUE(views.grad().isfinite().all().item<bool>());
  }
  EXPECT_NEAR(Loss(PerfectViews(96), 0.05), 0, 1e-5);
}

TEST(NtXentTest, ZeroProjectionsGiveAFiniteGradient) {
  torch::Tensor views = torch::zeros({2, 4, 8}, torch::requires_grad());
  const torch::Tensor loss = NtXent({}).Compute({.views = views}).loss;
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), std::log(7), 1e-6);
  EXPECT_TRUE(views.grad().isfinite().all().item<bool>());
}

TEST(NtXentTest, DiagnosticsTellHowViewsAndTracksLieApart) {
  const auto diagnostics = NtXent({}).Compute({.views = PerfectViews(6)}).diagnostics;
  EXPECT_NEAR(diagnostics.at("positive_similarity"), 1, 1e-6);
  EXPECT_NEAR(diagnostics.at("negative_similarity"), 0, 1e-6);
  EXPECT_EQ(diagnostics.at("retrieval_accuracy"), 1);
}

TEST(NtXentTest, AnotherNumberOfViewsThrows) {
  EXPECT_THROW(Loss(torch::ones({3, 4, 8})), c10::Error);
  EXPECT_THROW(Loss(torch::ones({8, 8})), c10::Error);
}

}  // namespace
}  // namespace timbre::loss
