#include "core/registry/resource_id.h"

#include "tests/support/matchers.h"

namespace timbre::registry {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

TEST(ResourceIdTest, LowerCaseLettersDigitsAndHyphensAreAllowed) {
  for (const std::string& id : {std::string("a"), std::string("my-songs-2"), std::string(63, 'x')}) {
    EXPECT_THAT(CheckId("model", id), IsOk()) << id;
  }
}

TEST(ResourceIdTest, WhatCouldLeaveTheFolderOrConfusePeopleIsRefused) {
  for (const std::string& id :
       {std::string(""), std::string("2songs"), std::string("-a"), std::string("Songs"), std::string("a/b"),
        std::string(".."), std::string("a b"), std::string("a\0b", 3), std::string("ä"),
        std::string(64, 'x')}) {
    EXPECT_THAT(CheckId("model", id), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model id")))
        << id;
  }
}

}  // namespace
}  // namespace timbre::registry
