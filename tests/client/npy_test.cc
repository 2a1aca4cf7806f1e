#include "client/cli/npy.h"

#include <cstring>

#include "client/folder.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

TEST(NpyTest, TheHeaderIsWhatNumpyWrites) {
  // numpy 1.24: np.save(f, np.zeros((3, 512), "<f4")), its first 128 bytes.
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 512), }";
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += dict + std::string(127 - 10 - dict.size(), ' ') + "\n";
  EXPECT_EQ(NpyHeader(3, 512), expected);
}

TEST(NpyTest, TheHeaderIsAlwaysAligned) {
  for (size_t rows : {0u, 1u, 99u, 123456789u}) {
    for (size_t columns : {0u, 1u, 512u, 4000000000u}) {
      const std::string header = NpyHeader(rows, columns);
      EXPECT_EQ(header.size() % 64, 0u);
      EXPECT_EQ(header.back(), '\n');
      EXPECT_EQ(static_cast<size_t>(static_cast<unsigned char>(header[8])), header.size() - 10);
    }
  }
}

TEST(NpyTest, RowsFollowTheHeader) {
  TempDir folder;
  ASSERT_THAT(WriteNpy(folder / "x.npy", {{1, 2}, {3, -4}}), IsOk());
  const std::string content = client::ReadFile(folder / "x.npy").value();
  const std::string header = NpyHeader(2, 2);
  ASSERT_EQ(content.size(), header.size() + 16);
  float values[4];
  std::memcpy(values, content.data() + header.size(), 16);
  EXPECT_THAT(values, ::testing::ElementsAre(1, 2, 3, -4));
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npy.partial"));
}

TEST(NpyTest, RowsOfDifferentLengthsAreRefused) {
  TempDir folder;
  EXPECT_THAT(WriteNpy(folder / "x.npy", {{1, 2}, {3}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 and 1")));
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npy"));
}

}  // namespace
}  // namespace timbre::cli
