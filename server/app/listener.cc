#include "server/app/listener.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/app/plugins.h"

namespace timbre::app {
namespace {

// How long a connection that became too old may finish its calls.
constexpr absl::Duration kAgeGrace = absl::Minutes(1);
// A peer that does not get through its TLS handshake and HTTP/2 preface in this time is dropped.
constexpr absl::Duration kHandshake = absl::Seconds(10);
// A connection without a call for so long is closed; clients connect again by themselves.
constexpr absl::Duration kIdle = absl::Minutes(15);
// The server asks silent peers whether they still live, so that the half-open do not stay.
constexpr absl::Duration kAskAlive = absl::Minutes(1);
constexpr absl::Duration kAnswerAlive = absl::Seconds(20);
// Pings that come more often, again and again, end the connection (too_many_pings).
constexpr absl::Duration kPingInterval = absl::Seconds(20);

void SetDuration(grpc::ServerBuilder& builder, const char* argument, absl::Duration duration) {
  builder.AddChannelArgument(argument, static_cast<int>(absl::ToInt64Milliseconds(duration)));
}

void SetLimits(const Settings& settings, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings.max_message_bytes));
  // gRPC inflates a message before it looks at its size: a few kB could become gigabytes. Audio is compressed
  // as it is.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetResourceQuota(
      grpc::ResourceQuota("timbre").Resize(static_cast<size_t>(settings.max_transport_memory_bytes)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings.max_concurrent_calls);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, settings.max_metadata_bytes);
  SetDuration(builder, GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshake);
  SetDuration(builder, GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdle);
  SetDuration(builder, GRPC_ARG_KEEPALIVE_TIME_MS, kAskAlive);
  SetDuration(builder, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kAnswerAlive);
  SetDuration(builder, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingInterval);
  if (settings.max_connection_age != absl::InfiniteDuration()) {
    SetDuration(builder, GRPC_ARG_MAX_CONNECTION_AGE_MS, settings.max_connection_age);
    SetDuration(builder, GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGrace);
  }
}

std::unique_ptr<grpc::ServerBuilderOption> Plugins(const Settings& settings) {
  std::vector<std::string> plugins;
  if (settings.reflection) plugins.emplace_back(kReflectionPlugin);
  if (settings.channelz) plugins.emplace_back(kChannelzPlugin);
  return OnlyPlugins(std::move(plugins));
}

}  // namespace

absl::StatusOr<Listener> Listen(ListenOptions options) {
  const Settings& settings = options.settings;
  grpc::EnableDefaultHealthCheckService(true);
  if (settings.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  if (settings.channelz) grpc::channelz::experimental::InitChannelzService();
  grpc::ServerBuilder builder;
  builder.SetOption(Plugins(settings));
  int port = 0;
  builder.AddListeningPort(settings.listen_address, options.credentials, &port);
  // Without this a second server would share the port in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetLimits(settings, builder);
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  builder.experimental().SetInterceptorCreators(std::move(options.interceptors));
  Listener listener;
  listener.server = builder.BuildAndStart();
  if (listener.server == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", settings.listen_address,
                     ": the port is in use or the address is not this machine's; choose "
                     "another listen_address (port 0 takes a free one)"));
  }
  listener.address =
      absl::StrCat(settings.listen_address.substr(0, settings.listen_address.rfind(':')), ":", port);
  return listener;
}

}  // namespace timbre::app
