#include "core/metrics/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace timbre::metrics {
namespace {

// Relative to the hierarchy's root; empty: the root.
std::filesystem::path GroupOf(const std::filesystem::path& membership) {
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "0::/")) return std::string(rest);
  }
  return {};
}

}  // namespace

std::optional<double> CgroupMemoryLimitBytes(const std::filesystem::path& groups,
                                             const std::filesystem::path& membership) {
  std::optional<double> least;
  std::filesystem::path group = GroupOf(membership);
  while (true) {
    std::ifstream file(groups / group / "memory.max");
    std::string text;
    double limit = 0;
    if (file >> text && absl::SimpleAtod(text, &limit)) least = std::min(limit, least.value_or(limit));
    if (group.empty()) return least;
    group = group.parent_path();
  }
}

}  // namespace timbre::metrics
