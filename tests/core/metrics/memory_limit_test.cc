#include "core/metrics/memory_limit.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace timbre::metrics {
namespace {

using ::testing::Optional;

class MemoryLimitTest : public ::testing::Test {
 protected:
  void Write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories((dir_ / file).parent_path());
    std::ofstream(dir_ / file) << text << "\n";
  }
  std::optional<double> Limit() { return CgroupMemoryLimitBytes(dir_ / "groups", dir_ / "membership"); }

  const testing::TempDir dir_;
};

TEST_F(MemoryLimitTest, AServicesGroupAndThoseAboveItAreLookedAtAndTheLeastCounts) {
  Write("membership", "0::/system.slice/timbred.service");
  Write("groups/system.slice/timbred.service/memory.max", "4294967296");
  EXPECT_THAT(Limit(), Optional(4294967296.0));
  Write("groups/system.slice/memory.max", "max");
  EXPECT_THAT(Limit(), Optional(4294967296.0));
  Write("groups/system.slice/memory.max", "1073741824");
  EXPECT_THAT(Limit(), Optional(1073741824.0));
}

TEST_F(MemoryLimitTest, AContainerSeesItsOwnGroupAsTheRoot) {
  Write("membership", "0::/");
  Write("groups/memory.max", "2147483648");
  EXPECT_THAT(Limit(), Optional(2147483648.0));
}

TEST_F(MemoryLimitTest, WithoutALimitOrControlGroupsThereIsNone) {
  EXPECT_EQ(Limit(), std::nullopt);
  Write("membership", "12:memory:/old\n0::/a");
  Write("groups/a/memory.max", "max");
  EXPECT_EQ(Limit(), std::nullopt);
}

}  // namespace
}  // namespace timbre::metrics
