#include "server/app/health_port.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/app/plugins.h"

namespace timbre::app {
namespace {

// What a probe needs; anybody may knock here.
constexpr int kMaxMessageBytes = 4096;
constexpr int kMaxMetadataBytes = 4096;
constexpr int kMaxCalls = 100;
constexpr size_t kMemoryBytes = size_t{16} << 20;
constexpr int kIdleMs = 15 * 60 * 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<HealthPort>> HealthPort::Start(const std::string& address,
                                                              std::span<const char* const> services) {
  grpc::EnableDefaultHealthCheckService(true);
  std::unique_ptr<HealthPort> health(new HealthPort());
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.SetOption(OnlyPlugins({}));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("timbre-health").Resize(kMemoryBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxCalls);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.RegisterCallbackGenericService(&health->all_else_);
  health->server_ = builder.BuildAndStart();
  if (health->server_ == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address,
                                               ": the port is in use or the address is not this machine's; "
                                               "choose another health_address"));
  }
  for (const char* service : services)
    health->server_->GetHealthCheckService()->SetServingStatus(service, true);
  health->address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
  return health;
}

HealthPort::~HealthPort() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

void HealthPort::SetNotServing() { server_->GetHealthCheckService()->SetServingStatus(false); }

}  // namespace timbre::app
