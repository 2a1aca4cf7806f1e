#include "server/app/security_settings.h"

#include <arpa/inet.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace timbre::app {
namespace {

security::RoleSet TakeRoles(const google::protobuf::RepeatedPtrField<std::string>& names,
                            const std::string& field, convert::FieldErrors& errors) {
  const absl::StatusOr<security::RoleSet> roles = security::RoleSet::Parse({names.begin(), names.end()});
  errors.AddIfError(field, roles.status());
  return roles.value_or(security::RoleSet());
}

void TakeTls(const config::v1::TlsConfig& proto, Settings& settings, convert::FieldErrors& errors) {
  if (proto.certificate_file().empty()) errors.Add("security.tls.certificate_file", "is missing");
  if (proto.private_key_file().empty()) errors.Add("security.tls.private_key_file", "is missing");
  if (proto.require_client_certificate() && proto.client_ca_file().empty()) {
    errors.Add("security.tls.client_ca_file", "is missing; require_client_certificate needs it");
  }
  settings.tls = security::TlsFiles{proto.certificate_file(), proto.private_key_file(),
                                    proto.client_ca_file(), proto.require_client_certificate()};
}

security::Quota QuotaOf(const config::v1::ClientQuota& proto, const std::string& field,
                        convert::FieldErrors& errors) {
  errors.CheckRange(absl::StrCat(field, ".requests_per_second"), proto.requests_per_second(), 0.0, 1e6);
  errors.CheckRange(absl::StrCat(field, ".windows_per_second"), proto.windows_per_second(), 0.0, 1e6);
  errors.CheckRange(absl::StrCat(field, ".uploads"), proto.uploads(), 0, 1'000'000);
  errors.CheckRange(absl::StrCat(field, ".jobs"), proto.jobs(), 0, 1'000'000);
  return {proto.requests_per_second(), proto.windows_per_second(), proto.uploads(), proto.jobs()};
}

// Whether other machines can reach host:port.
bool IsPublic(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1) return (ntohl(ipv4.s_addr) >> 24) != 127;
  return host != "localhost" && host != "[::1]";
}

bool HasType(const std::string& certificate_name) {
  for (const char* type : {"uri:", "dns:", "email:", "cn:"}) {
    if (absl::StartsWith(certificate_name, type)) return true;
  }
  return false;
}

}  // namespace

void TakeSecurity(const config::v1::SecurityConfig& proto, Settings& settings, convert::FieldErrors& errors) {
  if (proto.has_tls()) TakeTls(proto.tls(), settings, errors);
  settings.tokens_file = proto.tokens_file();
  int index = 0;
  for (const config::v1::CertificateClient& client : proto.certificate_clients()) {
    const std::string field = absl::StrCat("security.certificate_clients[", index++, "]");
    if (!HasType(client.certificate_name())) {
      errors.Add(
          absl::StrCat(field, ".certificate_name"),
          absl::StrCat("must begin with uri:, dns:, email: or cn:, got '", client.certificate_name(), "'"));
    }
    if (client.roles().empty())
      errors.Add(absl::StrCat(field, ".roles"), "is missing; infer, train or admin");
    security::Identity identity{client.client().empty() ? client.certificate_name() : client.client(),
                                TakeRoles(client.roles(), absl::StrCat(field, ".roles"), errors)};
    if (!settings.certificate_clients.emplace(client.certificate_name(), std::move(identity)).second) {
      errors.Add(absl::StrCat(field, ".certificate_name"), "is there twice");
    }
  }
  if (!settings.certificate_clients.empty() && proto.tls().client_ca_file().empty()) {
    errors.Add("security.tls.client_ca_file", "is missing; certificate_clients need it");
  }
  settings.anonymous_roles = TakeRoles(proto.anonymous_roles(), "security.anonymous_roles", errors);
  if (!settings.anonymous_roles.empty() && !settings.asks_who_calls()) {
    errors.Add("security.anonymous_roles",
               "means something beside tokens_file or certificate_clients; without them everybody may do "
               "everything");
  }
  settings.allow_insecure_public_address = proto.allow_insecure_public_address();
}

void TakeQuota(const config::v1::QuotaConfig& proto, Settings& settings, convert::FieldErrors& errors) {
  settings.quotas.each = QuotaOf(proto.each_client(), "quota.each_client", errors);
  if (!proto.each_client().client().empty()) errors.Add("quota.each_client.client", "must be empty");
  int index = 0;
  for (const config::v1::ClientQuota& client : proto.clients()) {
    const std::string field = absl::StrCat("quota.clients[", index++, "]");
    if (client.client().empty()) errors.Add(absl::StrCat(field, ".client"), "is missing");
    if (!settings.quotas.clients.emplace(client.client(), QuotaOf(client, field, errors)).second) {
      errors.Add(absl::StrCat(field, ".client"), "is there twice");
    }
  }
}

void CheckExposure(const Settings& settings, convert::FieldErrors& errors) {
  if (!IsPublic(settings.listen_address) || settings.allow_insecure_public_address) return;
  std::string missing;
  if (!settings.tls.has_value()) {
    missing = "nothing is encrypted (security.tls)";
  } else if (!settings.asks_who_calls()) {
    missing = "nobody is asked who they are (security.tokens_file or certificate_clients)";
  } else if (settings.anonymous_roles.Has(security::Role::kTrain)) {
    missing = "anonymous_roles lets anybody train";
  }
  if (missing.empty()) return;
  errors.Add("listen_address",
             absl::StrCat("'", settings.listen_address, "' can be reached from other machines, and ", missing,
                          "; change that, listen on 127.0.0.1, or, where the network sees to it, set "
                          "security.allow_insecure_public_address (--allow-insecure-public-address)"));
}

}  // namespace timbre::app
