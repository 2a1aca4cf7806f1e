#include "server/convert/names.h"

#include "tests/support/matchers.h"

namespace timbre::convert {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

TEST(NamesTest, PartsOfANameComeBackOut) {
  EXPECT_EQ(*ParseJobName(JobName("j0123")), "j0123");
  EXPECT_EQ(*ParseDatasetName(DatasetName("mtt-pretrain")), "mtt-pretrain");
  EXPECT_EQ(*ParseModelName(ModelName("demo")), "demo");
  const auto version = ParseVersionName(VersionNameOf("demo", 12));
  ASSERT_THAT(version, IsOk());
  EXPECT_EQ(version->model, "demo");
  EXPECT_EQ(version->version, 12);
}

TEST(NamesTest, ANameOfAnotherFormIsRefusedWithTheFormThatIsExpected) {
  for (const char* bad : {"", "demo", "models/", "models/Demo", "models/a/b", "jobs/x", "models/../etc"}) {
    EXPECT_THAT(ParseModelName(bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("models/{model}")))
        << bad;
  }
  for (const char* bad :
       {"models/a", "models/a/versions/0", "models/a/versions/x", "models/a/versions/1/taggers/t"}) {
    EXPECT_THAT(ParseVersionName(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(NamesTest, IdsAreLowerCaseAndShort) {
  EXPECT_THAT(CheckId("model", "a-9"), IsOk());
  EXPECT_THAT(CheckId("model", std::string(63, 'a')), IsOk());
  for (const std::string& bad : {std::string(), std::string("9a"), std::string("A"), std::string("a_b"),
                                 std::string("a/b"), std::string(64, 'a')}) {
    EXPECT_THAT(CheckId("model", bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model id")))
        << bad;
  }
}

TEST(NamesTest, ASelectorTakesNothingALabelOrAVersion) {
  EXPECT_TRUE(ParseSelector("", "")->model.empty());
  EXPECT_EQ(ParseSelector("models/demo", "")->model, "demo");
  EXPECT_EQ(ParseSelector("models/demo@canary", "")->label, "canary");
  EXPECT_EQ(ParseSelector("models/demo/versions/3", "")->version, 3);
}

TEST(NamesTest, ATaggerSaysItsModelAndMustAgreeWithIt) {
  const auto selector = ParseSelector("", "models/demo/versions/3/taggers/t1");
  ASSERT_THAT(selector, IsOk());
  EXPECT_EQ(selector->model, "demo");
  EXPECT_EQ(selector->version, 3);
  EXPECT_EQ(selector->tagger, "t1");
  EXPECT_THAT(ParseSelector("models/demo", "models/demo/versions/3/taggers/t1"), IsOk());
  EXPECT_THAT(ParseSelector("models/other", "models/demo/versions/3/taggers/t1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("do not agree")));
  EXPECT_THAT(ParseSelector("models/demo/versions/2", "models/demo/versions/3/taggers/t1"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace timbre::convert
