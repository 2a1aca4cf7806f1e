#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"

namespace timbre::testing {

// The line of a tokens_file by which a server knows `token`.
inline std::string TokenLine(const std::string& client, const std::string& roles, const std::string& token) {
  base::Sha256 sha256;
  sha256.Update(token);
  return absl::StrCat(client, " ", roles, " ", sha256.HexDigest(), "\n");
}

}  // namespace timbre::testing
