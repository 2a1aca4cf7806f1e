#include "server/security/token_table.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/sha256.h"

namespace timbre::security {
namespace {

constexpr size_t kDigestLength = 64;
constexpr size_t kMaxClientLength = 128;

bool IsDigest(const std::string& text) {
  return text.size() == kDigestLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

std::string DigestOf(std::string_view token) {
  base::Sha256 sha256;
  sha256.Update(token);
  return sha256.HexDigest();
}

}  // namespace

absl::StatusOr<TokenTable> TokenTable::Parse(std::string_view text) {
  TokenTable table;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const absl::string_view body = line.substr(0, line.find('#'));
    const std::vector<std::string> words = absl::StrSplit(body, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto bad = [number](const std::string& what) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", what, "; `timbre token CLIENT ROLES` prints a whole line"));
    };
    if (words.size() != 3)
      return bad(absl::StrCat("CLIENT ROLES SHA256 wanted, got ", words.size(), " words"));
    if (words[0].size() > kMaxClientLength) return bad("a client's name has at most 128 characters");
    if (!IsDigest(words[2])) return bad("the third word must be a SHA-256: 64 lower-case hex digits");
    const absl::StatusOr<RoleSet> roles = RoleSet::Parse(absl::StrSplit(words[1], ','));
    if (!roles.ok()) return bad(std::string(roles.status().message()));
    if (words[2] == DigestOf("")) return bad("this is the SHA-256 of an empty token");
    for (const Entry& entry : table.entries_) {
      if (entry.digest == words[2]) return bad("this SHA-256 is there already");
    }
    table.entries_.push_back({words[2], {words[0], *roles}});
  }
  return table;
}

std::optional<Identity> TokenTable::Find(std::string_view token) const {
  const std::string digest = DigestOf(token);
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), kDigestLength) == 0) found = &entry;
  }
  if (found == nullptr) return std::nullopt;
  return found->identity;
}

}  // namespace timbre::security
