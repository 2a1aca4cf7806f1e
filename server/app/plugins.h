#pragma once

#include <grpcpp/impl/server_builder_option.h>

#include <memory>
#include <string>
#include <vector>

namespace timbre::app {

// Names of gRPC's plugins.
inline constexpr char kReflectionPlugin[] = "proto_server_reflection";
inline constexpr char kChannelzPlugin[] = "channelz_service";

// For a ServerBuilder: leaves the server only these plugins. gRPC can only add a plugin to all servers that
// the process makes from then on, and this one must not have what another was given.
std::unique_ptr<grpc::ServerBuilderOption> OnlyPlugins(std::vector<std::string> names);

}  // namespace timbre::app
