#include "server/security/authenticator.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace timbre::security {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr size_t kMaxPath = 200;  // of a path in an error

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::StatusOr<Identity> Authenticator::IdentifyToken(std::string_view authorization) const {
  if (!absl::StartsWithIgnoreCase(ToAbsl(authorization), ToAbsl(kBearer))) {
    return absl::UnauthenticatedError("the metadata 'authorization' must be 'Bearer TOKEN'");
  }
  std::shared_ptr<const TokenTable> tokens;
  {
    base::MutexLock lock(mutex_);
    tokens = tokens_;
  }
  std::optional<Identity> identity = tokens->Find(authorization.substr(kBearer.size()));
  if (identity.has_value()) return *std::move(identity);
  return absl::UnauthenticatedError(
      "the server does not know this token; the operator adds the line that `timbre token` printed to its "
      "tokens_file");
}

absl::StatusOr<Identity> Authenticator::Identify(const Shown& shown) const {
  if (!shown.authorization.empty()) return IdentifyToken(shown.authorization);
  for (const std::string& name : shown.certificate_names) {
    const auto found = options_.certificate_clients.find(name);
    if (found != options_.certificate_clients.end()) return found->second;
  }
  if (!options_.anonymous.empty()) return Identity{"", options_.anonymous};
  if (!shown.certificate_names.empty()) {
    return absl::UnauthenticatedError(absl::StrCat("the certificate's names (",
                                                   absl::StrJoin(shown.certificate_names, ", "),
                                                   ") are none of the server's certificate_clients"));
  }
  return absl::UnauthenticatedError(
      options_.has_tokens
          ? "this server wants a token: send the metadata 'authorization: Bearer TOKEN' (timbre: "
            "--token-file or TIMBRE_TOKEN)"
          : "this server wants a client certificate (timbre: --tls-cert and --tls-key)");
}

void Authenticator::SetTokens(TokenTable tokens) {
  auto fresh = std::make_shared<const TokenTable>(std::move(tokens));
  base::MutexLock lock(mutex_);
  tokens_.swap(fresh);
}

absl::Status Authorize(const Identity& identity, std::string_view path) {
  const Role required = RequiredRole(path);
  if (identity.roles.Has(required)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      identity.client.empty() ? "who shows neither token nor certificate"
                              : absl::StrCat("client '", identity.client, "'"),
      " may not call ", ToAbsl(path.substr(0, kMaxPath)), ": it needs the role ", RoleName(required),
      ", and has ", identity.roles.empty() ? "none" : absl::StrJoin(identity.roles.names(), ", ")));
}

}  // namespace timbre::security
