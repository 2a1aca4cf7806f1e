#include "server/observe/call_observer.h"

#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"
#include "tests/support/matchers.h"

namespace timbre::observe {
namespace {

using ::testing::HasSubstr;

TEST(CallObserverTest, OnlyWhatFoundNoRoomByNoFaultOfItsClientCountsAsTheServerFull) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto exporter, metrics::Exporter::Start({}));
  CallLog log(exporter->calls());
  int full = 0;
  const auto expect = [&](const absl::Status& status, bool counts) {
    rpc::HandledCall call;
    call.path = "/timbre.v1.InferenceService/Embed";
    call.status = status;
    log.OnHandled(call);
    full += counts ? 1 : 0;
    EXPECT_THAT(exporter->Text(), HasSubstr(absl::StrCat("timbre_server_full_total ", full, "\n"))) << status;
  };
  expect(absl::OkStatus(), false);
  expect(base::ExhaustedError(base::Exhausted::kFull, "no room"), true);
  expect(base::ExhaustedError(base::Exhausted::kQuota, "slow down"), false);
  expect(base::ExhaustedError(base::Exhausted::kLimit, "too long"), false);
  expect(absl::ResourceExhaustedError("out of device memory"), true);
  expect(absl::UnavailableError("draining"), false);
}

}  // namespace
}  // namespace timbre::observe
