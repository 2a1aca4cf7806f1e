#include <torch/torch.h>

#include "core/model/encoder_module.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::HashedSampleCnn;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

std::shared_ptr<EncoderModule> Untrained() { return *MakeEncoder({}); }

TEST(NamedTensorsTest, WhatIsExportedImportsAsTheSame) {
  const weights::TensorMap exported = ExportTensors(**MakeEncoder({.seed = 5}));
  auto other = Untrained();
  EXPECT_NE(ExportTensors(*other), exported);
  ASSERT_THAT(ImportTensors(exported, *other), IsOk());
  EXPECT_EQ(ExportTensors(*other), exported);
}

TEST(NamedTensorsTest, AKernelOf3MeetsTheLastBlockByItsCentreTap) {
  const weights::TensorMap checkpoint = HashedSampleCnn();
  auto encoder = Untrained();
  ASSERT_THAT(ImportTensors(checkpoint, *encoder), IsOk());
  const weights::TensorMap imported = ExportTensors(*encoder);
  const weights::Tensor& wide = checkpoint.at("conv11.0.weight");
  const weights::Tensor& narrow = imported.at("conv11.0.weight");
  ASSERT_EQ(narrow.shape, (std::vector<int64_t>{512, 512, 1}));
  for (size_t i = 0; i < narrow.values.size(); i += 1009) EXPECT_EQ(narrow.values[i], wide.values[3 * i + 1]);
  EXPECT_EQ(imported.at("conv10.0.weight"), checkpoint.at("conv10.0.weight"));
}

TEST(NamedTensorsTest, AMissingAnUnknownAndAMisshapenTensorAreNamedAndNothingChanges) {
  auto encoder = Untrained();
  const weights::TensorMap before = ExportTensors(*encoder);
  const weights::TensorMap good = HashedSampleCnn();

  weights::TensorMap missing = good;
  missing.erase("conv7.1.running_var");
  EXPECT_THAT(ImportTensors(missing, *encoder),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv7.1.running_var is missing")));

  weights::TensorMap unknown = good;
  unknown["fc.weight"] = {.shape = {1}, .values = {0}};
  EXPECT_THAT(ImportTensors(unknown, *encoder),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fc.weight is unknown")));

  weights::TensorMap misshapen = good;
  misshapen["conv2.0.bias"] = {.shape = {64}, .values = std::vector<float>(64)};
  EXPECT_THAT(ImportTensors(misshapen, *encoder),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("conv2.0.bias has shape [64]; the model needs [128]")));

  weights::TensorMap short_values = good;
  short_values["conv2.0.bias"].values.pop_back();
  EXPECT_THAT(ImportTensors(short_values, *encoder),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv2.0.bias has 127 values")));
  EXPECT_EQ(ExportTensors(*encoder), before);
}

}  // namespace
}  // namespace timbre::model
