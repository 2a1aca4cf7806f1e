// What an objective does to a network: a toy one, trained by gradient descent on noisy copies of points.
#include <torch/torch.h>

#include "tests/core/loss/objectives.h"

namespace timbre::loss {
namespace {

using testing::Make;

SpreadDiagnostics Train(const ObjectiveConfig& config, double learning_rate, int steps) {
  torch::manual_seed(11);
  torch::nn::Sequential network(torch::nn::Linear(8, 32), torch::nn::ReLU(), torch::nn::Linear(32, 4));
  const torch::Tensor points = torch::randn({32, 8});
  const auto objective = Make(config, 4);
  std::vector<torch::Tensor> parameters = network->parameters();
  for (const torch::Tensor& parameter : objective->parameters()) parameters.push_back(parameter);
  torch::optim::SGD optimizer(parameters, torch::optim::SGDOptions(learning_rate));
  torch::Tensor views;
  for (int step = 0; step < steps; ++step) {
    views = torch::stack({network->forward(points + 0.5 * torch::randn({32, 8})),
                          network->forward(points + 0.5 * torch::randn({32, 8}))});
    optimizer.zero_grad();
    objective->Compute({.views = views}).loss.backward();
    optimizer.step();
  }
  return MeasureSpread(views);
}

TEST(CollapseTest, PlainMseCollapsesAndNtXentDoesNot) {
  const SpreadDiagnostics mse = Train(MseConfig(), 1, 800);
  EXPECT_LT(mse.embedding_std, 0.05);
  EXPECT_GT(mse.uniformity, -0.05);
  const SpreadDiagnostics nt_xent = Train(NtXentConfig(), 1, 800);
  EXPECT_GT(nt_xent.embedding_std, 0.8);
  EXPECT_LT(nt_xent.uniformity, -1);
}

TEST(CollapseTest, TheOtherObjectivesKeepClipsApartAndViewsTogether) {
  const std::vector<ObjectiveConfig> configs = {DclConfig{.temperature = 0.5},
                                                DclwConfig{.temperature = 0.5},
                                                VicRegConfig(),
                                                BarlowTwinsConfig{.redundancy_weight = 0.1},
                                                AlignUniformConfig(),
                                                PolyViewConfig()};
  for (const ObjectiveConfig& config : configs) {
    const SpreadDiagnostics spread = Train(config, 0.02, 400);
    EXPECT_GT(spread.embedding_std, 0.5) << ObjectiveName(config);
    EXPECT_LT(spread.alignment, 1.0) << ObjectiveName(config);  // 2: unrelated
  }
}

}  // namespace
}  // namespace timbre::loss
