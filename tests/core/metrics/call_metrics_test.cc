#include "tests/core/metrics/metrics_text.h"

namespace timbre::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

constexpr char kService[] = "timbre.v1.JobService";

std::string Labels(const std::string& method, const std::string& more = "") {
  return "{" + more + "grpc_method=\"" + method +
         "\",grpc_service=\"timbre.v1.JobService\",grpc_type=\"unary\"";
}

std::string Handled(const std::string& method, const std::string& code) {
  return "grpc_server_handled_total" + Labels(method, "grpc_code=\"" + code + "\",") + "}";
}

TEST(CallMetricsTest, ARegisteredMethodHasAllItsSeriesAtZero) {
  const auto exporter = MakeExporter();
  exporter->calls().Register("unary", kService, "GetJob");
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "grpc_server_started_total" + Labels("GetJob") + "}"), Optional(0));
  for (const char* code :
       {"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
        "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange",
        "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated"}) {
    EXPECT_THAT(Value(text, Handled("GetJob", code)), Optional(0)) << code;
  }
  EXPECT_THAT(Value(text, "grpc_server_handling_seconds_count" + Labels("GetJob") + "}"), Optional(0));
  EXPECT_THAT(Value(text, "grpc_server_msg_received_total" + Labels("GetJob") + "}"), Optional(0));
  EXPECT_THAT(Value(text, "grpc_server_msg_sent_total" + Labels("GetJob") + "}"), Optional(0));
}

TEST(CallMetricsTest, MessagesAreCountedByTheirDirection) {
  const auto exporter = MakeExporter();
  CallMetrics& calls = exporter->calls();
  calls.Register("unary", kService, "GetJob");
  for (int i = 0; i < 3; ++i) calls.OnReceived(kService, "GetJob");
  calls.OnSent(kService, "GetJob");
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "grpc_server_msg_received_total" + Labels("GetJob") + "}"), Optional(3));
  EXPECT_THAT(Value(text, "grpc_server_msg_sent_total" + Labels("GetJob") + "}"), Optional(1));
}

TEST(CallMetricsTest, CallsAreCountedByTheirCode) {
  const auto exporter = MakeExporter();
  CallMetrics& calls = exporter->calls();
  calls.Register("unary", kService, "GetJob");
  for (int i = 0; i < 4; ++i) calls.OnStarted(kService, "GetJob");
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kOk, absl::Milliseconds(7));
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kOk, absl::Milliseconds(700));
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kCancelled, absl::Seconds(20));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "grpc_server_started_total" + Labels("GetJob") + "}"), Optional(4));
  EXPECT_THAT(Value(text, Handled("GetJob", "OK")), Optional(2));
  EXPECT_THAT(Value(text, Handled("GetJob", "Canceled")), Optional(1));
  const std::string bucket = "grpc_server_handling_seconds_bucket" + Labels("GetJob") + ",le=";
  EXPECT_THAT(Value(text, bucket + "\"0.005\"}"), Optional(0));
  EXPECT_THAT(Value(text, bucket + "\"0.01\"}"), Optional(1));
  EXPECT_THAT(Value(text, bucket + "\"1\"}"), Optional(2));
  EXPECT_THAT(Value(text, bucket + "\"10\"}"), Optional(2));
  EXPECT_THAT(Value(text, bucket + "\"+Inf\"}"), Optional(3));
}

TEST(CallMetricsTest, EveryCodeOfAbseilIsSpeltAsGoSpellsIt) {
  const auto exporter = MakeExporter();
  CallMetrics& calls = exporter->calls();
  calls.Register("unary", kService, "GetJob");
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kInvalidArgument, absl::ZeroDuration());
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kUnauthenticated, absl::ZeroDuration());
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kOutOfRange, absl::ZeroDuration());
  calls.OnHandled(kService, "GetJob", absl::StatusCode::kDataLoss, absl::ZeroDuration());
  calls.OnHandled(kService, "GetJob", static_cast<absl::StatusCode>(99), absl::ZeroDuration());
  const std::string text = exporter->Text();
  for (const char* code : {"InvalidArgument", "Unauthenticated", "OutOfRange", "DataLoss", "Unknown"}) {
    EXPECT_THAT(Value(text, Handled("GetJob", code)), Optional(1)) << code;
  }
}

TEST(CallMetricsTest, UnknownMethodsShareOneSeries) {
  const auto exporter = MakeExporter();
  CallMetrics& calls = exporter->calls();
  calls.Register("unary", kService, "GetJob");
  calls.OnStarted(kService, "Nonsense1");
  calls.OnStarted("evil.Service", "GetJob");
  calls.OnHandled("evil.Service", "GetJob", absl::StatusCode::kUnimplemented, absl::Milliseconds(1));
  const std::string text = exporter->Text();
  const std::string other = "grpc_method=\"other\",grpc_service=\"other\",grpc_type=\"other\"}";
  EXPECT_THAT(Value(text, "grpc_server_started_total{" + other), Optional(2));
  EXPECT_THAT(Value(text, "grpc_server_handled_total{grpc_code=\"Unimplemented\"," + other), Optional(1));
  EXPECT_THAT(text, Not(HasSubstr("Nonsense1")));
  EXPECT_THAT(text, Not(HasSubstr("evil")));
}

TEST(CallMetricsTest, CallsThatFoundNoRoomAreCounted) {
  const auto exporter = MakeExporter();
  EXPECT_THAT(Value(exporter->Text(), "timbre_server_full_total"), Optional(0));
  exporter->calls().OnServerFull();
  EXPECT_THAT(Value(exporter->Text(), "timbre_server_full_total"), Optional(1));
}

TEST(CallMetricsTest, RegisteringAMethodTwiceKeepsItsCounts) {
  const auto exporter = MakeExporter();
  exporter->calls().Register("unary", kService, "GetJob");
  exporter->calls().OnStarted(kService, "GetJob");
  exporter->calls().Register("unary", kService, "GetJob");
  exporter->calls().OnStarted(kService, "GetJob");
  EXPECT_THAT(Value(exporter->Text(), "grpc_server_started_total" + Labels("GetJob") + "}"), Optional(2));
}

}  // namespace
}  // namespace timbre::metrics
