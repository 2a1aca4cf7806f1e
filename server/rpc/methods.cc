#include "server/rpc/methods.h"

#include <google/protobuf/descriptor.h>

#include <set>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "timbre/v1/admin_service.pb.h"
#include "timbre/v1/dataset_service.pb.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/job_service.pb.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::rpc {
namespace {

const char* TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

}  // namespace

const std::vector<Method>& TimbreMethods() {
  static const auto* const methods = [] {
    auto* found = new std::vector<Method>;
    for (const google::protobuf::FileDescriptor* file :
         {v1::GetInfoRequest::descriptor()->file(), v1::GetJobRequest::descriptor()->file(),
          v1::Dataset::descriptor()->file(), v1::Model::descriptor()->file(),
          v1::DrainRequest::descriptor()->file()}) {
      for (int i = 0; i < file->service_count(); ++i) {
        const google::protobuf::ServiceDescriptor& service = *file->service(i);
        for (int j = 0; j < service.method_count(); ++j) {
          found->push_back({TypeOf(*service.method(j)), service.full_name(), service.method(j)->name()});
        }
      }
    }
    return found;
  }();
  return *methods;
}

// By hand: gRPC keeps their descriptors for itself.
const std::vector<Method>& BuiltinMethods() {
  static const auto* const methods = new std::vector<Method>{
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
  return *methods;
}

std::pair<std::string, std::string> ServiceAndName(absl::string_view path) {
  return absl::StrSplit(absl::StripPrefix(path, "/"), absl::MaxSplits('/', 1));
}

bool IsTimbreMethod(std::string_view path) {
  static const auto* const paths = [] {
    auto* found = new std::set<std::string, std::less<>>;
    for (const Method& method : TimbreMethods()) found->insert(method.path());
    return found;
  }();
  return paths->contains(path);
}

}  // namespace timbre::rpc
