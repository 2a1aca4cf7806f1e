#include "client/names.h"

#include "tests/support/matchers.h"

namespace timbre::client {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

TEST(NamesTest, ShortAndLongNamesMeanTheSame) {
  for (const char* text : {"j1", "jobs/j1"}) EXPECT_EQ(JobName(text).value(), "jobs/j1");
  for (const char* text : {"songs", "datasets/songs"}) {
    EXPECT_EQ(DatasetName(text).value(), "datasets/songs");
    EXPECT_EQ(DatasetId(text).value(), "songs");
  }
  for (const char* text : {"m", "models/m"}) EXPECT_EQ(ModelName(text).value(), "models/m");
  for (const char* text : {"m/3", "models/m/versions/3"})
    EXPECT_EQ(ModelVersionName(text).value(), "models/m/versions/3");
  for (const char* text : {"m/3/t1", "models/m/versions/3/taggers/t1"}) {
    EXPECT_EQ(TaggerName(text).value(), "models/m/versions/3/taggers/t1");
  }
}

TEST(NamesTest, AModelReferenceIsAModelALabelOrAVersion) {
  EXPECT_EQ(ModelReference("m").value(), "models/m");
  EXPECT_EQ(ModelReference("m@canary").value(), "models/m@canary");
  EXPECT_EQ(ModelReference("models/m@canary").value(), "models/m@canary");
  EXPECT_EQ(ModelReference("m/12").value(), "models/m/versions/12");
}

TEST(NamesTest, AProbeTakesAModelForItsNewestVersion) {
  EXPECT_EQ(ModelOrVersionName("m").value(), "models/m");
  EXPECT_EQ(ModelOrVersionName("m/2").value(), "models/m/versions/2");
}

TEST(NamesTest, WhatIsNoNameIsRefusedWithBothForms) {
  for (const char* text : {"", "jobs/", "a b", "jobs/a/b", "../x", "models/m"}) {
    EXPECT_THAT(JobName(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("jobs/j1 or j1")))
        << text;
  }
  for (const char* text : {"m", "m/0", "m/-1", "m/x", "m/1/2/3", "M/1"}) {
    EXPECT_THAT(ModelVersionName(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("m/3")))
        << text;
  }
  for (const std::string& text : {std::string("Songs"), std::string("1songs"), std::string(64, 'a')}) {
    EXPECT_THAT(DatasetName(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(NamesTest, ATextOfAMegabyteIsRefusedLikeAShortOne) {
  EXPECT_FALSE(JobName(std::string(1 << 20, 'a')).ok());
  EXPECT_FALSE(ModelReference(std::string(1 << 20, 'a')).ok());
}

TEST(NamesTest, ShortNamesAreForPeople) {
  EXPECT_EQ(ShortName("jobs/j1"), "j1");
  EXPECT_EQ(ShortVersion("models/m/versions/3"), "m/3");
  EXPECT_EQ(ShortVersion("models/m"), "m");
  EXPECT_EQ(ShortVersion(""), "");
}

}  // namespace
}  // namespace timbre::client
