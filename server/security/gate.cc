#include "server/security/gate.h"

#include <arpa/inet.h>
#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status_macros.h"

namespace timbre::security {
namespace {

constexpr size_t kMaxLength = 128;

}  // namespace

std::string Printable(std::string text) {
  text.resize(std::min(text.size(), kMaxLength));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return !absl::ascii_isprint(c); }, '?');
  return text;
}

std::string MetadataOf(const grpc::ServerContextBase& context, const std::string& key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

std::vector<std::string> CertificateNames(const grpc::AuthContext& context) {
  std::vector<std::string> names;
  for (const auto& [property, type] : {std::pair(GRPC_PEER_URI_PROPERTY_NAME, "uri:"),
                                       {GRPC_PEER_DNS_PROPERTY_NAME, "dns:"},
                                       {GRPC_PEER_EMAIL_PROPERTY_NAME, "email:"},
                                       {GRPC_X509_CN_PROPERTY_NAME, "cn:"}}) {
    for (const grpc::string_ref& value : context.FindPropertyValues(property)) {
      names.push_back(absl::StrCat(type, absl::string_view(value.data(), value.size())));
    }
  }
  return names;
}

std::string AddressOf(const std::string& peer) {
  std::string address = peer.substr(0, std::min(peer.rfind(':'), kMaxLength));
  if (!absl::StartsWith(address, "ipv6:")) return address;
  const std::string host =
      absl::StrReplaceAll(address.substr(5), {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  std::array<unsigned char, 16> bytes = {};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return address;
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return absl::StrCat("ipv6:", text.data(), "/64");
}

absl::StatusOr<Identity> Gate::IdentityOf(const grpc::ServerContextBase& context) const {
  if (options_.authenticator == nullptr) return Identity{"", RoleSet::All()};
  const std::string authorization = MetadataOf(context, "authorization");
  return options_.authenticator->Identify(
      {.authorization = authorization, .certificate_names = CertificateNames(*context.auth_context())});
}

absl::Status Gate::Judge(const absl::StatusOr<Identity>& identity, std::string_view path) const {
  absl::Status status = identity.ok() ? Authorize(*identity, path) : identity.status();
  if (!status.ok() && options_.observer != nullptr) options_.observer->OnRefused(status.code());
  return status;
}

Caller Gate::CallerFrom(const absl::StatusOr<Identity>& found, const grpc::ServerContextBase& context) const {
  const Identity identity = found.value_or(Identity{});
  if (!identity.client.empty()) return {identity.client, identity.client, identity.roles};
  Caller caller{"", AddressOf(context.peer()), identity.roles};
  if (options_.authenticator == nullptr) caller.client = Printable(MetadataOf(context, "timbre-client"));
  if (caller.client.empty()) caller.client = caller.account;
  return caller;
}

Caller Gate::CallerOf(const grpc::ServerContextBase& context) const {
  return CallerFrom(IdentityOf(context), context);
}

Gate::Entry Gate::Enter(const grpc::ServerContextBase& context, std::string_view path) const {
  const absl::StatusOr<Identity> identity = IdentityOf(context);
  return {CallerFrom(identity, context), Judge(identity, path)};
}

}  // namespace timbre::security
