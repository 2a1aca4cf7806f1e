#include <algorithm>
#include <memory>

#include "tests/fuzz/service_host.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

enum Kind { kUnary, kClientStream, kWatch };

struct Method {
  const char* name;
  Kind kind = kUnary;
};

// Their order is the corpus's: append only.
constexpr Method kMethods[] = {
    {"InferenceService/Embed"},
    {"InferenceService/Tag"},
    {"InferenceService/EmbedStream", kClientStream},
    {"InferenceService/TagStream", kClientStream},
    {"InferenceService/GetInfo"},
    {"JobService/SubmitJob"},
    {"JobService/GetJob"},
    {"JobService/ListJobs"},
    {"JobService/WatchJob", kWatch},
    {"JobService/PauseJob"},
    {"JobService/ResumeJob"},
    {"JobService/CancelJob"},
    {"JobService/DeleteJob"},
    {"DatasetService/CreateDataset"},
    {"DatasetService/UploadDataset", kClientStream},
    {"DatasetService/GetDataset"},
    {"DatasetService/ListDatasets"},
    {"DatasetService/DeleteDataset"},
    {"DatasetService/PreviewAugmentation"},
    {"ModelService/ListModels"},
    {"ModelService/GetModel"},
    {"ModelService/SetLabel"},
    {"ModelService/DeriveVersion"},
    {"ModelService/DeleteModel"},
    {"ModelService/ExportModel"},
    {"ModelService/ImportModel", kClientStream},
    {"AdminService/SetLogLevel"},
    {"AdminService/Backup"},
};

// Anew from time to time: a state folder that grows makes a fuzzer slow, and its findings hard to repeat.
constexpr int kCallsPerHost = 2000;

ServiceHost& Host() {
  static std::unique_ptr<ServiceHost> host;
  static int calls = 0;
  if (host == nullptr || ++calls == kCallsPerHost) {
    host.reset();
    host = std::make_unique<ServiceHost>();
    calls = 0;
  }
  return *host;
}

constexpr char kPriorities[][12] = {"", "", "interactive", "bulk", "loud"};

std::string Printable(std::string text) {
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return text;
}

// A byte for the priority; with its highest bit set, what a call says of itself is text of the input.
void AddMetadata(Input& input, ServiceHost::CallSpec& call) {
  const uint8_t choice = input.Byte();
  call.metadata.emplace_back("timbre-priority", kPriorities[choice % std::size(kPriorities)]);
  if ((choice & 0x80) == 0) return;
  for (const char* key : {"traceparent", "tracestate", "x-request-id", "timbre-client", "authorization"}) {
    call.metadata.emplace_back(key, Printable(input.Text(input.Below(80))));
  }
}

}  // namespace

// Byte 0: the method; byte 1: the metadata; then the message, or several, each led by a length of two bytes.
void FuzzCalls(Bytes bytes) {
  if (bytes.size() < 2) return;
  Input input(bytes);
  const Method& method = kMethods[input.Below(std::size(kMethods))];
  ServiceHost::CallSpec call;
  call.method = std::string("/timbre.v1.") + method.name;
  AddMetadata(input, call);
  if (method.kind == kClientStream) {
    while (!input.empty()) {
      const size_t low = input.Byte(), length = low | size_t{input.Byte()} << 8;
      call.messages.push_back(input.Text(length));
    }
  } else {
    call.messages.push_back(input.Text(bytes.size()));
  }
  if (method.kind == kWatch) call.deadline_seconds = 0.2;  // of a job that waits it may go on for ever
  const auto answer = Host().Call(call);
  const grpc::StatusCode code = answer.status.error_code();
  Require(code != grpc::StatusCode::UNKNOWN, "no error is unknown");
  Require(code != grpc::StatusCode::DEADLINE_EXCEEDED || method.kind == kWatch, "a call ends");
  // gRPC itself says UNIMPLEMENTED, without a text, to bytes that are no message.
  Require(code == grpc::StatusCode::OK || code == grpc::StatusCode::UNIMPLEMENTED ||
              !answer.status.error_message().empty(),
          "an error says why");
}

}  // namespace timbre::fuzz
