#include "core/train/ema.h"

#include <gtest/gtest.h>

namespace timbre::train {
namespace {

torch::nn::Sequential Net() {
  return torch::nn::Sequential(torch::nn::Linear(3, 2), torch::nn::BatchNorm1d(2));
}

TEST(EmaTest, WeightsAndRunningStatisticsMoveByTheirShareAndCountersAreCopied) {
  torch::nn::Sequential source = Net(), copy = Net();
  for (int i = 0; i < 3; ++i) source->forward(torch::randn({8, 3}));
  const auto before = copy->named_parameters()["0.weight"].detach().clone();
  MoveTowards(*source, *copy, 0.9);
  const torch::Tensor expected = 0.9 * before + 0.1 * source->named_parameters()["0.weight"].detach();
  EXPECT_TRUE(torch::allclose(copy->named_parameters()["0.weight"], expected));
  EXPECT_TRUE(torch::allclose(copy->named_buffers()["1.running_mean"],
                              0.1 * source->named_buffers()["1.running_mean"]));
  EXPECT_EQ(copy->named_buffers()["1.num_batches_tracked"].item<int64_t>(), 3);
}

TEST(EmaTest, WithoutDecayItIsACopy) {
  torch::nn::Sequential source = Net(), copy = Net();
  source->forward(torch::randn({8, 3}));
  MoveTowards(*source, *copy, 0);
  for (const auto& item : source->named_parameters()) {
    EXPECT_TRUE(torch::equal(copy->named_parameters()[item.key()], item.value()));
  }
  for (const auto& item : source->named_buffers()) {
    EXPECT_TRUE(torch::equal(copy->named_buffers()[item.key()], item.value()));
  }
}

TEST(EmaTest, TwoShapesAreRefused) {
  torch::nn::Sequential source = Net(), other(torch::nn::Linear(3, 2));
  EXPECT_THROW(MoveTowards(*source, *other, 0.5), c10::Error);
}

}  // namespace
}  // namespace timbre::train
