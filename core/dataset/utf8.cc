#include "core/dataset/utf8.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace timbre::dataset {

bool IsUtf8(const std::string& text) {
  try {
    (void)nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {  // the library's only validator is its strict writer
    return false;
  }
}

std::string Printable(const std::string& text) {
  constexpr size_t kMostBytes = 80;
  const bool cut = text.size() > kMostBytes;
  const std::string shown = text.substr(0, kMostBytes);
  return absl::StrCat(IsUtf8(shown) ? absl::Utf8SafeCHexEscape(shown) : absl::CHexEscape(shown),
                      cut ? "..." : "");
}

}  // namespace timbre::dataset
