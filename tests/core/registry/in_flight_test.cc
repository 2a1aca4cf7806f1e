#include "core/registry/in_flight.h"

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::registry {
namespace {

using ::timbre::testing::IsOk;
namespace fs = std::filesystem;

class InFlightTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::WriteFile(place() / "weights", "w");
    testing::WriteFile(place() / "inner" / "file", "f");
  }
  fs::path place() const { return folder_ / "place"; }
  testing::TempDir folder_;
};

TEST_F(InFlightTest, AMarkedFolderWithoutARowIsRemoved) {
  ASSERT_THAT(MarkInFlight(place()), IsOk());
  SettleFolder(place(), false);
  EXPECT_FALSE(fs::exists(place()));
}

TEST_F(InFlightTest, AMarkedFolderWithARowKeepsItsFilesAndLosesTheMarker) {
  ASSERT_THAT(MarkInFlight(place()), IsOk());
  SettleFolder(place(), true);
  EXPECT_TRUE(fs::exists(place() / "weights"));
  SettleFolder(place(), false);
  EXPECT_TRUE(fs::exists(place() / "weights")) << "without a marker it is none of ours";
}

TEST_F(InFlightTest, AFolderThatSomebodyPutThereIsLeftAlone) {
  SettleFolder(place(), false);
  EXPECT_TRUE(fs::exists(place() / "inner" / "file"));
}

TEST_F(InFlightTest, RemoveFolderTakesAllOfIt) {
  ASSERT_THAT(MarkInFlight(place()), IsOk());
  RemoveFolder(place());
  EXPECT_FALSE(fs::exists(place()));
}

}  // namespace
}  // namespace timbre::registry
