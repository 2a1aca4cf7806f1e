#include "core/model/fresh_weights.h"

#include "core/model/encoder_module.h"
#include "core/model/projector.h"
#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;

TEST(FreshWeightsTest, AnEncodersAreThoseOfItsSeed) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto tensors, FreshEncoder("sample_cnn_tiny", 7));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto again, FreshEncoder("sample_cnn_tiny", 7));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto other, FreshEncoder("sample_cnn_tiny", 8));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto module, MakeEncoder({.architecture = "sample_cnn_tiny", .seed = 7}));
  EXPECT_EQ(tensors, ExportTensors(*module));
  EXPECT_EQ(tensors, again);
  EXPECT_NE(tensors, other);
}

TEST(FreshWeightsTest, AProjectorsAreOfTheShapeOfAnothersButNotItsValues) {
  const weights::TensorMap trained = ExportTensors(*Projector(ProjectorOptions{
      .in_dim = 8, .hidden_dim = 6, .out_dim = 4, .layers = 3, .batch_norm = true, .seed = 1}));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto fresh, FreshProjector(trained, 2));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto same, FreshProjector(trained, 1));
  EXPECT_EQ(same, trained);
  ASSERT_EQ(fresh.size(), trained.size());
  for (const auto& [name, tensor] : trained) EXPECT_EQ(fresh.at(name).shape, tensor.shape) << name;
  EXPECT_NE(fresh.at("0.weight").values, trained.at("0.weight").values);
}

TEST(FreshWeightsTest, WhatHasNoShapeIsRefused) {
  EXPECT_THAT(FreshEncoder("resnet", 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("resnet")));
  EXPECT_THAT(FreshProjector({}, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0.weight")));
}

}  // namespace
}  // namespace timbre::model
