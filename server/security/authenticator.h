#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "server/security/token_table.h"

namespace timbre::security {

// Says who calls, from what a call and its connection show. A token goes before a certificate, a certificate
// before nothing; a token that is not known is an error also where a certificate or anonymity would do, for
// its sender means to be somebody. Threads: safe.
class Authenticator {
 public:
  struct Options {
    bool has_tokens = false;                                   // SetTokens gives them
    std::map<std::string, Identity> certificate_clients = {};  // by name of the certificate
    RoleSet anonymous = {};                                    // of who shows nothing; empty: refused
  };
  explicit Authenticator(Options options) : options_(std::move(options)) {}

  // What a call shows.
  struct Shown {
    std::string_view authorization = {};              // the metadata of that name; empty: none
    std::vector<std::string> certificate_names = {};  // of a client certificate that was verified
  };
  // An identity with client "" is anonymous. Errors: kUnauthenticated.
  absl::StatusOr<Identity> Identify(const Shown& shown) const;

  void SetTokens(TokenTable tokens);

 private:
  absl::StatusOr<Identity> IdentifyToken(std::string_view authorization) const;

  const Options options_;
  mutable base::Mutex mutex_;
  std::shared_ptr<const TokenTable> tokens_ ABSL_GUARDED_BY(mutex_) = std::make_shared<TokenTable>();
};

// kPermissionDenied unless `identity` may call the method at `path`.
absl::Status Authorize(const Identity& identity, std::string_view path);

}  // namespace timbre::security
