#include "core/model/torch_compat.h"

#include <gtest/gtest.h>

namespace timbre::model {
namespace {

torch::ScalarType ProductType() { return torch::ones({2, 2}).matmul(torch::ones({2, 2})).scalar_type(); }

TEST(AutocastGuardTest, ProductsAreBf16WhileItLivesAndGuardsNest) {
  EXPECT_EQ(ProductType(), torch::kFloat);
  {
    const AutocastGuard outer(torch::kCPU, true);
    EXPECT_EQ(ProductType(), torch::kBFloat16);
    {
      const AutocastGuard inner(torch::kCPU, false);
      EXPECT_EQ(ProductType(), torch::kFloat);
    }
    EXPECT_EQ(ProductType(), torch::kBFloat16);
  }
  EXPECT_EQ(ProductType(), torch::kFloat);
}

TEST(AutocastGuardTest, AWeightThatChangedBetweenGuardsIsCastAnew) {
  torch::Tensor weight = torch::ones({2, 2}, torch::requires_grad());
  const auto product = [&] {
    const AutocastGuard autocast(torch::kCPU, true);
    return torch::ones({2, 2}).matmul(weight).to(torch::kFloat).sum().item<float>();
  };
  EXPECT_EQ(product(), 8);
  {
    const torch::NoGradGuard no_grad;
    weight.mul_(2);
  }
  EXPECT_EQ(product(), 16);
}

}  // namespace
}  // namespace timbre::model
