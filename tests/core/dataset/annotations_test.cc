#include "core/dataset/annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::dataset {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

absl::StatusOr<Annotations> Read(const std::string& content) {
  TempDir dir;
  testing::WriteFile(dir / "annotations.csv", content);
  return ReadAnnotations(dir / "annotations.csv");
}

void ExpectRefused(const std::string& content, const std::string& place, const std::string& problem) {
  EXPECT_THAT(Read(content),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("annotations.csv"), HasSubstr(place), HasSubstr(problem))))
      << content;
}

TEST(AnnotationsTest, TagsAndRowsKeepTheFilesOrder) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Annotations read, Read("path,rock,no vocals,ambient\n"
                                                           "b/2.mp3,1,0,1\n"
                                                           "a/1.mp3,0,0,1\n"));
  EXPECT_THAT(read.tags, ElementsAre("rock", "no vocals", "ambient"));
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[0].path, "b/2.mp3");
  EXPECT_THAT(read.rows[0].labels, ElementsAre(1, 0, 1));
  EXPECT_EQ(read.rows[1].path, "a/1.mp3");
  EXPECT_THAT(read.rows[1].labels, ElementsAre(0, 0, 1));
  EXPECT_EQ(read.rows[0].track_id, "");
  EXPECT_FALSE(read.has_track_ids);
}

TEST(AnnotationsTest, ATrackIdColumnMayStandAnywhereAndIsNoTag) {
  for (const char* content :
       {"path,track_id,rock,jazz\na.mp3,t1,1,0\n", "path,rock,track_id,jazz\na.mp3,1,t1,0\n",
        "path,rock,jazz,track_id\na.mp3,1,0,t1\n"}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Annotations read, Read(content));
    EXPECT_TRUE(read.has_track_ids);
    EXPECT_THAT(read.tags, ElementsAre("rock", "jazz"));
    EXPECT_EQ(read.rows[0].track_id, "t1");
    EXPECT_THAT(read.rows[0].labels, ElementsAre(1, 0));
  }
}

TEST(AnnotationsTest, QuotedFieldsMayHoldCommasQuotesAndLineBreaks) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Annotations read, Read("path,\"drum, bass\"\n"
                                                           "\"a, \"\"live\"\".mp3\",\"1\"\n"
                                                           "\"two\nlines.mp3\",0\n"));
  EXPECT_THAT(read.tags, ElementsAre("drum, bass"));
  EXPECT_EQ(read.rows[0].path, "a, \"live\".mp3");
  EXPECT_EQ(read.rows[1].path, "two\nlines.mp3");
}

TEST(AnnotationsTest, AByteOrderMarkCarriageReturnsEmptyLinesAndAMissingLastLineEndAreTolerated) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Annotations read,
                              Read("\xEF\xBB\xBFpath,rock\r\n\r\na.mp3,1\r\n\nGröße ♪.mp3,0"));
  EXPECT_THAT(read.tags, ElementsAre("rock"));
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[1].path, "Größe ♪.mp3");
}

TEST(AnnotationsTest, AHeaderWithoutRowsIsAllowed) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Annotations read, Read("path,rock\n"));
  EXPECT_TRUE(read.rows.empty());
}

TEST(AnnotationsTest, AMissingFileIsNotFound) {
  TempDir dir;
  EXPECT_THAT(ReadAnnotations(dir / "annotations.csv"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(AnnotationsTest, AMissingHeaderIsRefused) {
  ExpectRefused("", "line 1", "empty");
  ExpectRefused("\n\r\n", "line 1", "empty");
  ExpectRefused("a.mp3,0,1\nb.mp3,1,1\n", "line 1", "'a.mp3' is data");
  ExpectRefused("\n\na.mp3,0\n", "line 3", "no header");
}

TEST(AnnotationsTest, AHeaderWithoutTagsOrWithUnusableOnesIsRefused) {
  ExpectRefused("path\na.mp3\n", "line 1", "no tag column");
  ExpectRefused("path,track_id\na.mp3,t\n", "line 1", "no tag column");
  ExpectRefused("path,rock,jazz,rock\n", "line 1: column 4", "'rock' is already column 2");
  ExpectRefused("path,track_id,rock,track_id\n", "line 1: column 4", "'track_id' is already column 2");
  ExpectRefused("path,rock,,jazz\n", "line 1: column 3", "no name");
  ExpectRefused("path,r\xffock\n", "line 1: column 2", "not UTF-8");
}

TEST(AnnotationsTest, ARaggedRowIsRefusedWithBothColumnCounts) {
  ExpectRefused("path,rock,jazz\na.mp3,1,0\nb.mp3,1\n", "line 3: column 3", "has 2 columns, the header 3");
  ExpectRefused("path,rock,jazz\na.mp3,1,0,1\n", "line 2: column 4", "has 4 columns, the header 3");
}

TEST(AnnotationsTest, ALabelThatIsNotZeroOrOneIsRefusedWithItsTag) {
  for (const std::string label : {"2", "-1", "1.0", "yes", "", "01", "True"}) {
    ExpectRefused("path,rock,jazz\na.mp3,0,1\nb.mp3,1," + label + "\n", "line 3: column 3",
                  "tag 'jazz' is '" + label + "'; it must be 0 or 1");
  }
}

TEST(AnnotationsTest, APathTwiceIsRefusedAlsoWhenSpelledDifferently) {
  ExpectRefused("path,rock\na/1.mp3,0\nb.mp3,1\na/1.mp3,0\n", "line 4: column 1", "already on line 2");
  ExpectRefused("path,rock\na/1.mp3,0\n./a//b/../1.mp3,0\n", "line 3: column 1", "already on line 2");
}

TEST(AnnotationsTest, APathThatIsEmptyOrNotUtf8IsRefused) {
  ExpectRefused("path,rock\n,1\n", "line 2: column 1", "the path is empty");
  ExpectRefused("path,rock\n\xff.mp3,1\n", "line 2: column 1", "not UTF-8");
}

TEST(AnnotationsTest, StrayQuotesAreRefusedWithTheirLine) {
  ExpectRefused("path,rock\na\"b.mp3,1\n", "line 2", "quotes");
  ExpectRefused("path,rock\n\"a.mp3,1\n", "line 2", "quotes");
}

TEST(AnnotationsTest, LinesInsideOfQuotesCount) {
  ExpectRefused("path,rock\n\"two\nlines.mp3\",1\nb.mp3,7\n", "line 4: column 2", "'7'");
}

TEST(AnnotationsTest, AHugeFieldIsShownShortened) {
  ExpectRefused("path,rock\na.mp3," + std::string(100000, 'x') + "\n", "line 2: column 2", "xxx...'");
  EXPECT_LT(Read("path,rock\na.mp3," + std::string(100000, 'x') + "\n").status().message().size(), 300U);
}

}  // namespace
}  // namespace timbre::dataset
