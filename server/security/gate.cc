#include "server/security/gate.h"

#include <algorithm>
#include <utility>

#include "server/security/auth_processor.h"

namespace timbre::security {
namespace {

constexpr size_t kMaxLength = 128;

// "ipv4:127.0.0.1:4711" -> "ipv4:127.0.0.1"
std::string AddressOf(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  return peer.substr(0, std::min(peer.rfind(':'), kMaxLength));
}

}  // namespace

std::string MetadataOf(const grpc::CallbackServerContext& context, const std::string& key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

Caller Gate::CallerOf(const grpc::CallbackServerContext& context) const {
  Identity identity{"", RoleSet::All()};
  if (authenticator_ != nullptr) {
    const std::string authorization = MetadataOf(context, "authorization");
    // The call has passed the AuthProcessor; tokens may have changed in between: then it goes on without a
    // role.
    identity = authenticator_
                   ->Identify({.authorization = authorization,
                               .certificate_names = CertificateNames(*context.auth_context())})
                   .value_or(Identity{});
  }
  if (!identity.client.empty()) return {identity.client, identity.client, identity.roles};
  Caller caller{MetadataOf(context, "timbre-client").substr(0, kMaxLength), AddressOf(context),
                identity.roles};
  if (caller.client.empty()) caller.client = caller.account;
  return caller;
}

}  // namespace timbre::security
