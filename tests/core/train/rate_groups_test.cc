#include "core/train/rate_groups.h"

#include <gmock/gmock.h>

#include <sstream>

namespace timbre::train {
namespace {

// One step of SGD with a gradient of ones moves each number by its rate.
struct Parameters {
  torch::Tensor weight = torch::zeros({2, 2}).requires_grad_();
  torch::Tensor bias = torch::zeros({2}).requires_grad_();
  torch::Tensor predictor = torch::zeros({2, 2}).requires_grad_();

  std::unique_ptr<Optimizer> Optimize(const OptimizerConfig& config) {
    return MakeRatedOptimizer(config, {weight, bias}, {predictor});
  }
  void Step(Optimizer& optimizer, double rate) {
    for (torch::Tensor* tensor : {&weight, &bias, &predictor})
      tensor->mutable_grad() = torch::ones_like(*tensor);
    optimizer.Step(rate);
  }
  std::vector<float> Moved() const {
    std::vector<float> moved;
    for (const torch::Tensor* tensor : {&weight, &bias, &predictor}) {
      moved.push_back(-tensor->detach().flatten()[0].item<float>());
    }
    return moved;
  }
};

OptimizerConfig Sgd() { return {.kind = OptimizerKind::kSgd, .learning_rate = 0.5, .momentum = 0}; }

using ::testing::ElementsAre;
using ::testing::FloatEq;

TEST(RateGroupsTest, BiasesMoveAtTheirMultipleOfTheRate) {
  Parameters parameters;
  OptimizerConfig config = Sgd();
  config.bias_rate_multiple = 0.25;
  parameters.Step(*parameters.Optimize(config), 0.1);
  EXPECT_THAT(parameters.Moved(), ElementsAre(FloatEq(0.1F), FloatEq(0.025F), FloatEq(0.1F)));
}

TEST(RateGroupsTest, APredictorMayKeepTheRateWhateverTheScheduleSays) {
  Parameters parameters;
  OptimizerConfig config = Sgd();
  config.constant_predictor_rate = true;
  parameters.Step(*parameters.Optimize(config), 0.1);
  EXPECT_THAT(parameters.Moved(), ElementsAre(FloatEq(0.1F), FloatEq(0.1F), FloatEq(0.5F)));
}

TEST(RateGroupsTest, WithoutEitherAllMoveAlike) {
  Parameters parameters;
  parameters.Step(*parameters.Optimize(Sgd()), 0.1);
  EXPECT_THAT(parameters.Moved(), ElementsAre(FloatEq(0.1F), FloatEq(0.1F), FloatEq(0.1F)));
}

TEST(RateGroupsTest, EveryKindGoesOnFromWhatItSavedAsIfNeverStopped) {
  for (const OptimizerKind kind :
       {OptimizerKind::kAdam, OptimizerKind::kAdamW, OptimizerKind::kSgd, OptimizerKind::kLars}) {
    const OptimizerConfig config = {
        .kind = kind, .learning_rate = 0.1, .bias_rate_multiple = 0.5, .constant_predictor_rate = true};
    Parameters whole;
    const auto optimizer = whole.Optimize(config);
    for (int i = 0; i < 3; ++i) whole.Step(*optimizer, 0.1);
    std::stringstream file;
    torch::serialize::OutputArchive saved;
    optimizer->Save(saved);
    saved.save_to(file);

    Parameters restored;
    {
      torch::NoGradGuard no_grad;
      restored.weight.copy_(whole.weight);
      restored.bias.copy_(whole.bias);
      restored.predictor.copy_(whole.predictor);
    }
    const auto again = restored.Optimize(config);
    restored.Step(*again, 0);  // gives the moments their shapes
    torch::serialize::InputArchive loaded;
    loaded.load_from(file);
    again->Load(loaded);
    {
      torch::NoGradGuard no_grad;
      restored.weight.copy_(whole.weight);
      restored.bias.copy_(whole.bias);
      restored.predictor.copy_(whole.predictor);
    }
    whole.Step(*optimizer, 0.05);
    restored.Step(*again, 0.05);
    EXPECT_EQ(whole.Moved(), restored.Moved());
  }
}

}  // namespace
}  // namespace timbre::train
