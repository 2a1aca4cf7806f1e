#include "server/observe/call_observer.h"

#include <cmath>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/exhausted.h"
#include "core/base/log_event.h"
#include "server/rpc/methods.h"
#include "server/security/gate.h"

namespace timbre::observe {
namespace {

constexpr size_t kMaxError = 500;

// As the log names it: "JobService/GetJob" of Timbre, "grpc.health.v1.Health/Check" of gRPC; what a client
// made up as it came, but cut and printable.
std::string NameOf(const std::string& path) {
  absl::string_view name = path;
  if (rpc::IsTimbreMethod(path)) absl::ConsumePrefix(&name, "/timbre.v1.");
  if (absl::StartsWith(name, "/grpc.")) absl::ConsumePrefix(&name, "/");
  return security::Printable(std::string(name));
}

// What is the server's fault is an error, what a client did or was told is not.
base::LogLevel LevelOf(const rpc::HandledCall& call) {
  switch (call.status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return base::LogLevel::kError;
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return absl::StartsWith(call.path, "/grpc.") ? base::LogLevel::kDebug : base::LogLevel::kInfo;
    default:
      return base::LogLevel::kInfo;
  }
}

// Also of what does not say why: disk and device memory.
bool FoundNoRoom(const absl::Status& status) {
  const auto cause = base::ExhaustedCauseOf(status);
  return absl::IsResourceExhausted(status) && cause != base::Exhausted::kQuota &&
         cause != base::Exhausted::kLimit;
}

double Rounded(double value) { return std::round(value * 1000) / 1000; }

base::LogFields FieldsOf(const rpc::HandledCall& call) {
  base::LogFields fields = {{"method", NameOf(call.path)},
                            {"code", absl::StatusCodeToString(call.status.code())},
                            {"ms", absl::ToDoubleMilliseconds(call.duration)},
                            {"client", call.caller.client},
                            {"peer", call.peer},
                            {"request_id", call.request_id},
                            {"trace_id", call.trace.trace_id},
                            {"span_id", call.trace.span_id}};
  if (!call.trace.parent_id.empty()) fields.push_back({"parent_id", call.trace.parent_id});
  fields.insert(fields.end(), call.notes.begin(), call.notes.end());
  if (!call.status.ok()) fields.push_back({"error", std::string(call.status.message().substr(0, kMaxError))});
  for (base::LogField& field : fields) {
    if (double* value = std::get_if<double>(&field.value)) *value = Rounded(*value);
  }
  return fields;
}

}  // namespace

CallLog::CallLog(metrics::CallMetrics& metrics) : metrics_(metrics) {
  for (const auto* methods : {&rpc::TimbreMethods(), &rpc::BuiltinMethods()}) {
    for (const rpc::Method& method : *methods) metrics_.Register(method.type, method.service, method.name);
  }
}

void CallLog::OnStarted(const std::string& path) {
  const auto [service, name] = rpc::ServiceAndName(path);
  metrics_.OnStarted(service, name);
}

void CallLog::OnHandled(const rpc::HandledCall& call) {
  const auto [service, name] = rpc::ServiceAndName(call.path);
  metrics_.OnHandled(service, name, call.status.code(), call.duration);
  if (FoundNoRoom(call.status)) metrics_.OnServerFull();
  base::LogEvent(LevelOf(call), "rpc", FieldsOf(call));
}

}  // namespace timbre::observe
