#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/security/roles.h"

namespace timbre::security {

// Somebody the server knows.
struct Identity {
  std::string client;
  RoleSet roles;
};

// Bearer tokens as they are kept: by their SHA-256. A token is 32 random bytes (`timbre token`), so that
// neither salt nor a slow hash would add anything. Threads: const methods are safe.
class TokenTable {
 public:
  // `text`: lines `CLIENT ROLE[,ROLE...] SHA256_HEX`; # begins a comment. A client may have several lines, so
  // that a token can be changed without a gap. Errors: kInvalidArgument, with the line (never its hash).
  static absl::StatusOr<TokenTable> Parse(std::string_view text);

  // Looks at every entry whatever it finds, each compared in constant time.
  std::optional<Identity> Find(std::string_view token) const;

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string digest;  // hex
    Identity identity;
  };
  std::vector<Entry> entries_;
};

}  // namespace timbre::security
