#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/base/random.h"
#include "core/weights/tensor_file.h"
#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

std::string File(uint64_t header_bytes, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &header_bytes, 8);
  return bytes + rest;
}

std::string File(const std::string& header, size_t data_bytes) {
  return File(header.size(), header + std::string(data_bytes, '\0'));
}

// One tensor "w" with the given fields.
std::string Entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

void ExpectRefused(const std::string& bytes, const std::string& reason) {
  EXPECT_THAT(ParseTensors(bytes), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason)))
      << bytes.substr(0, 300);
}

TEST(HostileSafetensorsTest, TheBaseOfTheseCasesIsAccepted) {
  EXPECT_THAT(ParseTensors(File(Entry("F32", "[2]", "[0,8]"), 8)), IsOk());
  EXPECT_THAT(ParseTensors(File("{}", 0)), IsOk());
}

TEST(HostileSafetensorsTest, AHeaderLengthBeyondTheFileOrTheLimitIsRefused) {
  ExpectRefused("", "has 0");
  ExpectRefused("1234567", "has 7");
  ExpectRefused(File(3, "{}"), "claims 3 bytes");
  ExpectRefused(File(UINT64_MAX, "{}"), "claims 18446744073709551615 bytes");
  ExpectRefused(File(INT64_MAX, "{}"), "claims 9223372036854775807 bytes");
  ExpectRefused(File(std::string((16 << 20) + 1, ' '), 0), "at most 16777216");
}

TEST(HostileSafetensorsTest, AHeaderThatIsNoJsonObjectIsRefused) {
  ExpectRefused(File("", 0), "must start with '{'");
  ExpectRefused(File("[]", 0), "must start with '{'");
  ExpectRefused(File(" {}", 0), "must start with '{'");
  ExpectRefused(File("{", 0), "not valid JSON");
  ExpectRefused(File("{} x", 0), "not valid JSON");
  ExpectRefused(File("{\"\xff\":1}", 0), "not valid JSON");
}

TEST(HostileSafetensorsTest, DeepNestingIsRefusedWithoutUsingMemoryForIt) {
  ExpectRefused(File(R"({"w":)" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}", 0),
                "nests deeper");
  ExpectRefused(File(R"({"w":)" + std::string(1 << 20, '['), 0), "nests deeper");
}

TEST(HostileSafetensorsTest, KeysGivenTwiceAreRefused) {
  ExpectRefused(File(R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
                     R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                     4),
                "'w' twice");
  ExpectRefused(File(R"({"w":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}})", 8),
                "'shape' twice");
}

TEST(HostileSafetensorsTest, ADimensionThatIsNoCountIsRefused) {
  for (const char* dimension : {"-1", "-9223372036854775808", "1.0", "1e3", "\"1\"", "null", "true",
                                "9223372036854775808", "18446744073709551616"}) {
    ExpectRefused(File(Entry("F32", std::string("[") + dimension + "]", "[0,8]"), 8), "must be 0 or more");
  }
  ExpectRefused(File(Entry("F32", "2", "[0,8]"), 8), "no 'shape' list");
}

TEST(HostileSafetensorsTest, AShapeWhoseProductOverflowsIsRefused) {
  ExpectRefused(File(Entry("F32", "[4294967296,4294967296]", "[0,0]"), 0), "more elements than");
  ExpectRefused(File(Entry("F32", "[4294967296,4294967296,0]", "[0,0]"), 0), "more elements than");
  ExpectRefused(File(Entry("F32", "[4611686018427387904,2]", "[0,0]"), 0), "more elements than");
  ExpectRefused(File(Entry("F32", "[9223372036854775807]", "[0,8]"), 8), "more elements than");
}

TEST(HostileSafetensorsTest, OffsetsThatDoNotFitTheShapeOrTheDataAreRefused) {
  ExpectRefused(File(Entry("F32", "[2]", "[0,4]"), 4), "has 4 bytes; its shape needs 8");
  ExpectRefused(File(Entry("F32", "[2]", "[8,0]"), 8), "before it begins");
  ExpectRefused(File(Entry("F32", "[2]", "[4,12]"), 12), "begins at byte 4");
  ExpectRefused(File(Entry("F32", "[2]", "[0,8]"), 4), "truncated");
  ExpectRefused(File(Entry("F32", "[2]", "[0,8]"), 9), "trailing bytes");
  ExpectRefused(File(Entry("F32", "[2]", "[-8,0]"), 8), "data_offsets");
  ExpectRefused(File(Entry("F32", "[2]", "[0.0,8.0]"), 8), "data_offsets");
  ExpectRefused(File(Entry("F32", "[2]", "[0,8,8]"), 8), "data_offsets");
  ExpectRefused(File(Entry("F32", "[2]", "[0]"), 8), "data_offsets");
  ExpectRefused(File(Entry("F32", "[2]", "[18446744073709551608,18446744073709551615]"), 8), "has 7 bytes");
  ExpectRefused(File(Entry("F32", "[2]", "[18446744073709551600,18446744073709551608]"), 8),
                "begins at byte");
}

TEST(HostileSafetensorsTest, OverlapsAndGapsAreRefusedAndTheOrderIsFree) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
           R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}";
  };
  EXPECT_THAT(ParseTensors(File(two("[0,8]", "[8,16]"), 16)), IsOk());
  EXPECT_THAT(ParseTensors(File(two("[8,16]", "[0,8]"), 16)), IsOk());
  ExpectRefused(File(two("[0,8]", "[4,12]"), 12), "overlaps and gaps");
  ExpectRefused(File(two("[0,8]", "[0,8]"), 8), "overlaps and gaps");
  ExpectRefused(File(two("[0,8]", "[12,20]"), 20), "overlaps and gaps");
}

TEST(HostileSafetensorsTest, OtherDtypesAreRefusedByName) {
  for (const std::string dtype : {"F16", "BF16", "F64", "I64", "BOOL", "f32", ""}) {
    ExpectRefused(File(Entry(dtype, "[2]", "[0,8]"), 8), "has dtype " + dtype + "; only F32");
  }
  ExpectRefused(File(R"({"w":{"shape":[2],"data_offsets":[0,8]}})", 8), "no 'dtype'");
  ExpectRefused(File(R"({"w":[1]})", 0), "not described by an object");
}

TEST(HostileSafetensorsTest, MetadataMustBeTexts) {
  EXPECT_THAT(ParseTensors(File(R"({"__metadata__":{"a":"b"}})", 0)), IsOk());
  ExpectRefused(File(R"({"__metadata__":{"a":1}})", 0), "__metadata__");
  ExpectRefused(File(R"({"__metadata__":"a"})", 0), "__metadata__");
}

TEST(HostileSafetensorsTest, DamagedBytesNeverDoMoreThanFail) {
  base::Random random({7});
  const std::string whole =
      File(R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
           R"("b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})",
           12);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int64_t i = random.UniformInt(1, 4); i > 0; --i) {
      bytes[random.UniformInt(0, static_cast<int64_t>(bytes.size()) - 1)] =
          static_cast<char>(random.UniformInt(0, 255));
    }
    bytes.resize(bytes.size() - random.UniformInt(0, 3));
    const auto tensors = ParseTensors(bytes);
    if (tensors.ok()) continue;
    EXPECT_THAT(tensors, StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace timbre::weights
