#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "core/loss/objective.h"

namespace timbre::loss {
namespace {

TEST(SpreadTest, CollapsedEmbeddingsHaveNoSpreadAndUniformityZero) {
  const SpreadDiagnostics spread = MeasureSpread(torch::full({2, 8, 16}, 0.3));
  EXPECT_NEAR(spread.alignment, 0, 1e-12);
  EXPECT_NEAR(spread.uniformity, 0, 1e-12);
  EXPECT_NEAR(spread.embedding_std, 0, 1e-6);
}

TEST(SpreadTest, GaussianEmbeddingsSpreadOverTheSphere) {
  torch::manual_seed(2);
  const SpreadDiagnostics spread = MeasureSpread(torch::randn({2, 512, 64}));
  EXPECT_NEAR(spread.embedding_std, 1, 0.01);
  EXPECT_NEAR(spread.alignment, 2, 0.05);      // independent views: 2 - 2 cos
  EXPECT_NEAR(spread.uniformity, -3.85, 0.1);  // log E exp(-4 + 4 cos), cos of variance 1/64
}

TEST(SpreadTest, OrthogonalTracksHaveTheValueOfTheFormula) {
  const SpreadDiagnostics spread = MeasureSpread(torch::eye(8).unsqueeze(0).repeat({2, 1, 1}));
  EXPECT_NEAR(spread.alignment, 0, 1e-12);
  EXPECT_NEAR(spread.uniformity, -4, 1e-9);
}

TEST(SpreadTest, AlignmentIsTheMeanSquaredDistanceOfUnitRows) {
  const torch::Tensor views = torch::tensor({{{3.0, 0.0}, {0.0, 2.0}}, {{0.0, 5.0}, {0.0, 1.0}}});
  EXPECT_NEAR(MeasureSpread(views).alignment, (2.0 + 0.0) / 2, 1e-12);
}

TEST(SpreadTest, MoreViewsAverageOverTheirPairs) {
  const torch::Tensor x = torch::tensor({{{1.0, 0.0}}, {{0.0, 1.0}}, {{1.0, 0.0}}});
  EXPECT_NEAR(MeasureSpread(x).alignment, (2.0 + 0.0 + 2.0) / 3, 1e-12);
}

}  // namespace
}  // namespace timbre::loss
