#include "server/observe/call_observer.h"

#include <google/protobuf/descriptor.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/log.h"
#include "timbre/v1/admin_service.pb.h"
#include "timbre/v1/dataset_service.pb.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/job_service.pb.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::observe {
namespace {

const char* TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

// "JobService/GetJob" -> {"timbre.v1.JobService", "GetJob"}
std::pair<std::string, std::string> Split(const std::string& method) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(method, absl::MaxSplits('/', 1));
  return {absl::StrCat("timbre.v1.", parts.first), parts.second};
}

}  // namespace

CallLog::CallLog(metrics::CallMetrics& metrics) : metrics_(metrics) {
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

void CallLog::OnHandled(const std::string& method, const absl::Status& status, absl::Duration duration,
                        const std::string& peer) {
  const auto [service, name] = Split(method);
  metrics_.OnHandled(service, name, status.code(), duration);
  base::LogInfo(
      "rpc {} code={} ms={:.2f} peer={}{}", method, absl::StatusCodeToString(status.code()),
      absl::ToDoubleMilliseconds(duration), peer,
      status.ok() ? "" : absl::StrCat(" error=\"", absl::string_view(status.message()).substr(0, 500), "\""));
}

}  // namespace timbre::observe
