#include "core/model/torch_guard.h"

#include <torch/torch.h>

#include <new>

#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

TEST(TorchGuardTest, PassesTheBodysStatusOn) {
  EXPECT_THAT(TorchGuard("working", [] { return absl::OkStatus(); }), IsOk());
  EXPECT_THAT(TorchGuard("working", [] { return absl::AbortedError("x"); }),
              StatusIs(absl::StatusCode::kAborted));
}

TEST(TorchGuardTest, ALibTorchErrorIsInternalAndSaysWhatWasDone) {
  EXPECT_THAT(TorchGuard("multiplying",
                         [] {
                           torch::ones({2, 3}).matmul(torch::ones({2, 3}));
                           return absl::OkStatus();
                         }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("multiplying: ")));
}

TEST(TorchGuardTest, MemoryThatIsNotThereIsResourceExhausted) {
  EXPECT_THAT(TorchGuard("allocating",
                         [] {
                           torch::empty({int64_t{1} << 46});
                           return absl::OkStatus();
                         }),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(TorchGuard("allocating", []() -> absl::Status { throw std::bad_alloc(); }),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("smaller batch")));
}

}  // namespace
}  // namespace timbre::model
