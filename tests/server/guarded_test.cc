#include "server/rpc/guarded.h"

#include <stdexcept>

#include "tests/support/matchers.h"

namespace timbre::rpc {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

TEST(GuardedTest, WhatThrowsEndsItsCallAndNotTheServer) {
  EXPECT_THAT(Guarded([]() -> absl::Status { throw std::bad_alloc(); }),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("no memory left")));
  EXPECT_THAT(Guarded([]() -> absl::Status { throw std::out_of_range("beyond"); }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("beyond")));
}

TEST(GuardedTest, AStatusGoesThroughAsItIs) {
  EXPECT_THAT(Guarded([] { return absl::NotFoundError("gone"); }), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace timbre::rpc
