#include "core/weights/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/base/atomic_file.h"
#include "core/base/random.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::weights {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

const std::filesystem::path kGolden = std::filesystem::path(TIMBRE_GOLDEN_DIR) / "safetensors";

// What tests/golden/safetensors/make.py writes.
TensorMap GoldenTensors() {
  Tensor weight{.shape = {2, 3, 4}, .values = {}};
  for (int i = 0; i < 24; ++i) weight.values.push_back(static_cast<float>(i) / 8 - 1);
  return {{"block.0.weight", weight},
          {"block.0.bias", {.shape = {4}, .values = {0.5F, -0.0F, 1.5e-42F, -3.0e38F}}},
          {"scalar", {.shape = {}, .values = {-2.25F}}},
          {"empty", {.shape = {0, 7}, .values = {}}}};
}

const std::map<std::string, std::string> kGoldenMetadata = {{"architecture", "sample_cnn"},
                                                            {"note", "unicode: Größe ♪"}};

TensorMap RandomTensors(base::Random& random) {
  TensorMap tensors;
  const int64_t count = random.UniformInt(0, 12);
  for (int64_t i = 0; i < count; ++i) {
    Tensor tensor;
    const int64_t rank = random.UniformInt(0, 4);
    for (int64_t d = 0; d < rank; ++d) tensor.shape.push_back(random.UniformInt(0, 5));
    for (int64_t v = 0; v < tensor.size(); ++v) tensor.values.push_back(static_cast<float>(random.Normal()));
    tensors["layer." + std::to_string(random.UniformInt(0, 1000)) + ".weight"] = tensor;
  }
  return tensors;
}

TEST(TensorFileTest, AFileOfThePythonPackageIsReadAndItsBatchCountersAreSkipped) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TensorMap tensors, ReadTensorFile(kGolden / "python.safetensors"));
  EXPECT_EQ(tensors, GoldenTensors());
  EXPECT_TRUE(std::signbit(tensors.at("block.0.bias").values[1]));
}

// make.py --check reads this file with the Python package. To renew it, run with TIMBRE_WRITE_GOLDEN=1.
TEST(TensorFileTest, TheWrittenBytesAreThoseThatThePythonPackageWasSeenToRead) {
  const auto path = kGolden / "timbre.safetensors";
  if (std::getenv("TIMBRE_WRITE_GOLDEN") != nullptr) {
    ASSERT_THAT(WriteTensorFile(path, GoldenTensors(), kGoldenMetadata), IsOk());
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string expected, base::ReadFile(path));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeTensors(GoldenTensors(), kGoldenMetadata));
  EXPECT_EQ(bytes, expected);
}

TEST(TensorFileTest, AnyTensorsComeBackAsTheyWere) {
  base::Random random({1});
  for (int round = 0; round < 200; ++round) {
    const TensorMap tensors = RandomTensors(random);
    TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeTensors(tensors));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const TensorMap back, ParseTensors(bytes));
    EXPECT_EQ(back, tensors);
  }
}

TEST(TensorFileTest, AFileOnDiskComesBackAndReplacesAnOlderOne) {
  TempDir dir;
  const auto path = dir / "models/encoder.safetensors";
  ASSERT_THAT(WriteTensorFile(path, {{"old", {.shape = {1}, .values = {1}}}}), IsOk());
  ASSERT_THAT(WriteTensorFile(path, GoldenTensors(), kGoldenMetadata), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TensorMap back, ReadTensorFile(path));
  EXPECT_EQ(back, GoldenTensors());
}

TEST(TensorFileTest, TheDataBeginsAtAMultipleOfEightBytes) {
  for (const char* name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes,
                                SerializeTensors({{name, {.shape = {1}, .values = {1}}}}));
    EXPECT_EQ((bytes.size() - sizeof(float)) % 8, 0U);
  }
}

TEST(TensorFileTest, AMissingFileIsNotFound) {
  TempDir dir;
  EXPECT_THAT(ReadTensorFile(dir / "none.safetensors"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(TensorFileTest, AnErrorInAFileNamesTheFile) {
  TempDir dir;
  testing::WriteFile(dir / "bad.safetensors", "xyz");
  EXPECT_THAT(
      ReadTensorFile(dir / "bad.safetensors"),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("bad.safetensors"), HasSubstr("has 3"))));
}

TEST(TensorFileTest, AShapeThatDoesNotFitItsValuesIsNotWritten) {
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {2, 2}, {-1, -3}, {}, {0}, {std::numeric_limits<int64_t>::max(), 4}}) {
    EXPECT_THAT(SerializeTensors({{"w", {.shape = shape, .values = {1, 2, 3}}}}),
                StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("'w'"), HasSubstr("3 values"))));
  }
}

TEST(TensorFileTest, NamesThatTheFormatCannotHoldAreNotWritten) {
  const Tensor one{.shape = {1}, .values = {1}};
  EXPECT_THAT(SerializeTensors({{"__metadata__", one}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(SerializeTensors({{"\xff\xfe", one}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
}

TEST(DigestTensorsTest, TheDigestDependsOnNamesShapesAndValuesAndNothingElse) {
  const TensorMap tensors = GoldenTensors();
  const std::string digest = DigestTensors(tensors);
  EXPECT_EQ(digest.size(), 64U);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeTensors(tensors, {{"job", "jobs/7"}}));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TensorMap back, ParseTensors(bytes));
  EXPECT_EQ(DigestTensors(back), digest);

  TensorMap renamed = tensors;
  renamed["scalar2"] = renamed.extract("scalar").mapped();
  TensorMap reshaped = tensors;
  reshaped["block.0.weight"].shape = {3, 2, 4};
  TensorMap changed = tensors;
  changed["block.0.weight"].values[5] += 1e-6F;
  TensorMap fewer = tensors;
  fewer.erase("empty");
  for (const TensorMap& other : {renamed, reshaped, changed, fewer}) EXPECT_NE(DigestTensors(other), digest);
}

}  // namespace
}  // namespace timbre::weights
