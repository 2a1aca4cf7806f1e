#include "server/observe/call_observer.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/log_event.h"
#include "timbre/v1/admin_service.pb.h"
#include "timbre/v1/dataset_service.pb.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/job_service.pb.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::observe {
namespace {

constexpr size_t kMaxError = 500;

const char* TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

struct Method {
  const char* type;
  const char* service;
  const char* name;
};

// Of the services that gRPC brings, whose descriptors it keeps for itself.
constexpr Method kBuiltin[] = {
    {"unary", "grpc.health.v1.Health", "Check"},
    {"server_stream", "grpc.health.v1.Health", "Watch"},
    {"bidi_stream", "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo"},
    {"unary", "grpc.channelz.v1.Channelz", "GetTopChannels"},
    {"unary", "grpc.channelz.v1.Channelz", "GetServers"},
    {"unary", "grpc.channelz.v1.Channelz", "GetServer"},
    {"unary", "grpc.channelz.v1.Channelz", "GetServerSockets"},
    {"unary", "grpc.channelz.v1.Channelz", "GetChannel"},
    {"unary", "grpc.channelz.v1.Channelz", "GetSubchannel"},
    {"unary", "grpc.channelz.v1.Channelz", "GetSocket"},
};

// "JobService/GetJob" -> {"timbre.v1.JobService", "GetJob"}
std::pair<std::string, std::string> Split(const std::string& method) {
  return absl::StrSplit(rpc::PathOf(method).substr(1), absl::MaxSplits('/', 1));
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
      return absl::StartsWith(call.method, "grpc.") ? base::LogLevel::kDebug : base::LogLevel::kInfo;
    default:
      return base::LogLevel::kInfo;
  }
}

double Rounded(double value) { return std::round(value * 1000) / 1000; }

base::LogFields FieldsOf(const rpc::HandledCall& call) {
  base::LogFields fields = {{"method", call.method},
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
  for (const Method& method : kBuiltin) metrics_.Register(method.type, method.service, method.name);
  for (const google::protobuf::FileDescriptor* file :
       {v1::GetInfoRequest::descriptor()->file(), v1::GetJobRequest::descriptor()->file(),
        v1::Dataset::descriptor()->file(), v1::Model::descriptor()->file(),
        v1::DrainRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const google::protobuf::ServiceDescriptor& service = *file->service(i);
      for (int j = 0; j < service.method_count(); ++j) {
        metrics_.Register(TypeOf(*service.method(j)), service.full_name(), service.method(j)->name());
      }
    }
  }
}

void CallLog::OnStarted(const std::string& method) {
  const auto [service, name] = Split(method);
  metrics_.OnStarted(service, name);
}

void CallLog::OnHandled(const rpc::HandledCall& call) {
  const auto [service, name] = Split(call.method);
  metrics_.OnHandled(service, name, call.status.code(), call.duration);
  base::LogEvent(LevelOf(call), "rpc", FieldsOf(call));
}

}  // namespace timbre::observe
