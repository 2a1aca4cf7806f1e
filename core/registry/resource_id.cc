#include "core/registry/resource_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace timbre::registry {
namespace {

constexpr size_t kMaxLength = 63;

bool IsAllowed(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

absl::Status CheckId(const std::string& what, const std::string& id) {
  const bool good = !id.empty() && id.size() <= kMaxLength && id[0] >= 'a' && id[0] <= 'z' &&
                    std::all_of(id.begin(), id.end(), IsAllowed);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", id.substr(0, 100), "' is no ", what,
                   " id: a lower-case letter, then at most 62 lower-case letters, digits and hyphens"));
}

}  // namespace timbre::registry
