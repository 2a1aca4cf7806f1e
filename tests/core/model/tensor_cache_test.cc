#include "core/model/tensor_cache.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace timbre::model {
namespace {

constexpr int64_t kLarge = 1 << 20;  // floats

TEST(TensorCacheTest, ALargeTensorTakesTheMemoryOfOneOfItsSizeThatDied) {
  const TensorCacheScope scope;
  const void* memory = torch::ones({kLarge}).data_ptr();
  EXPECT_EQ(CachedTensorBytes(), sizeof(float) * kLarge);
  const torch::Tensor other_size = torch::ones({kLarge / 2});
  EXPECT_NE(other_size.data_ptr(), memory);
  const torch::Tensor again = torch::zeros({kLarge});
  EXPECT_EQ(again.data_ptr(), memory);
  EXPECT_EQ(again.sum().item<float>(), 0);
  EXPECT_EQ(CachedTensorBytes(), 0U);
}

TEST(TensorCacheTest, SmallTensorsAreNotKept) {
  const TensorCacheScope scope;
  torch::ones({10});
  EXPECT_EQ(CachedTensorBytes(), 0U);
}

TEST(TensorCacheTest, TheLastScopeGivesAllBackAndTensorsOutliveIt) {
  torch::Tensor survivor;
  {
    const TensorCacheScope outer;
    {
      const TensorCacheScope inner;
      survivor = torch::full({kLarge}, 3.0);
      torch::ones({kLarge * 2});
    }
    EXPECT_EQ(CachedTensorBytes(), sizeof(float) * kLarge * 2);
  }
  EXPECT_EQ(CachedTensorBytes(), 0U);
  EXPECT_EQ(survivor.mean().item<float>(), 3);
  survivor.reset();
  EXPECT_EQ(CachedTensorBytes(), 0U);
}

}  // namespace
}  // namespace timbre::model
