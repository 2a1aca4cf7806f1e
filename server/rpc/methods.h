#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace timbre::rpc {

// A method of a service that this server has.
struct Method {
  std::string type;     // unary, client_stream, server_stream or bidi_stream
  std::string service;  // "timbre.v1.JobService"
  std::string name;     // "GetJob"

  std::string path() const { return "/" + service + "/" + name; }
};

// Of timbre.v1.
const std::vector<Method>& TimbreMethods();
// Of the services that gRPC brings: health, reflection and channelz.
const std::vector<Method>& BuiltinMethods();

// "/timbre.v1.JobService/GetJob" -> {"timbre.v1.JobService", "GetJob"}. Of what is no path both may be
// anything.
std::pair<std::string, std::string> ServiceAndName(absl::string_view path);

// Whether `path` is that of a TimbreMethods.
bool IsTimbreMethod(std::string_view path);

}  // namespace timbre::rpc
