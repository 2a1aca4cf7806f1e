#pragma once

#include <gmock/gmock.h>

#include "core/base/exhausted.h"
#include "tests/support/matchers.h"

namespace timbre::testing {

// A kResourceExhausted that says why it is one: EXPECT_THAT(status, IsExhausted(base::Exhausted::kQuota)).
MATCHER_P(IsExhausted, cause, "is a refusal with its cause") {
  const absl::Status& status = AsStatus(arg);
  *result_listener << status.ToString();
  return absl::IsResourceExhausted(status) && base::ExhaustedCauseOf(status) == cause;
}

}  // namespace timbre::testing
