#include "core/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/matchers.h"

namespace timbre::base {
namespace {

using timbre::testing::IsOk;
using timbre::testing::StatusIs;

absl::Status Pass(const absl::Status& status, bool& went_on) {
  TIMBRE_RETURN_IF_ERROR(status);
  went_on = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Sum(absl::StatusOr<std::unique_ptr<int>> a, absl::StatusOr<std::unique_ptr<int>> b) {
  TIMBRE_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, std::move(a));
  std::unique_ptr<int> second;
  TIMBRE_ASSIGN_OR_RETURN(second, std::move(b));
  return *first + *second;
}

TEST(StatusMacrosTest, AnErrorReturnsAndOkGoesOn) {
  bool went_on = false;
  EXPECT_THAT(Pass(absl::NotFoundError("x"), went_on), StatusIs(absl::StatusCode::kNotFound, "x"));
  EXPECT_FALSE(went_on);
  EXPECT_THAT(Pass(absl::OkStatus(), went_on), IsOk());
  EXPECT_TRUE(went_on);
}

TEST(StatusMacrosTest, ValuesAreMovedOutAndErrorsReturned) {
  EXPECT_EQ(Sum(std::make_unique<int>(2), std::make_unique<int>(3)).value(), 5);
  EXPECT_THAT(Sum(absl::NotFoundError("first"), std::make_unique<int>(3)),
              StatusIs(absl::StatusCode::kNotFound, "first"));
  EXPECT_THAT(Sum(std::make_unique<int>(2), absl::AbortedError("second")),
              StatusIs(absl::StatusCode::kAborted, "second"));
}

}  // namespace
}  // namespace timbre::base
