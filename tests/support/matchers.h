#pragma once

// Matchers for absl::Status and absl::StatusOr (Abseil 20220623 has none):
//   EXPECT_THAT(status, IsOk());
//   EXPECT_THAT(result, StatusIs(absl::StatusCode::kNotFound, HasSubstr("model")));
//   TIMBRE_ASSERT_OK_AND_ASSIGN(auto value, MakeValue());

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::testing {

inline const absl::Status& AsStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& AsStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << AsStatus(arg).ToString();
  return AsStatus(arg).ok();
}

MATCHER_P(StatusIs, code, "has status code " + absl::StatusCodeToString(code)) {
  *result_listener << AsStatus(arg).ToString();
  return AsStatus(arg).code() == code;
}

MATCHER_P2(StatusIs, code, message, "has status code " + absl::StatusCodeToString(code) + " and a message") {
  *result_listener << AsStatus(arg).ToString();
  return AsStatus(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(AsStatus(arg).message()), result_listener);
}

#define TIMBRE_TEST_JOIN_INNER(a, b) a##b
#define TIMBRE_TEST_JOIN(a, b) TIMBRE_TEST_JOIN_INNER(a, b)
#define TIMBRE_ASSERT_OK_AND_ASSIGN(lhs, expr) \
  TIMBRE_ASSERT_OK_AND_ASSIGN_INNER(TIMBRE_TEST_JOIN(timbre_test_status_or_, __LINE__), lhs, expr)
#define TIMBRE_ASSERT_OK_AND_ASSIGN_INNER(name, lhs, expr) \
  auto name = (expr);                                      \
  ASSERT_THAT(name, ::timbre::testing::IsOk());            \
  lhs = std::move(name).value()

}  // namespace timbre::testing
