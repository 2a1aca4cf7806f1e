#include "client/trace.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace timbre::client {
namespace {

constexpr std::string_view kForm = "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff";

// Enough that it can be sent; the server looks closer.
bool LooksLikeOne(std::string_view text) {
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
    return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

}  // namespace

std::string TraceparentOfProgram() {
  const char* given = std::getenv("TRACEPARENT");
  if (given != nullptr && LooksLikeOne(given)) return given;
  std::random_device device;
  const auto draw = [&device] {
    return absl::Hex((static_cast<uint64_t>(device()) << 32) | device() | 1, absl::kZeroPad16);
  };
  return absl::StrCat("00-", draw(), draw(), "-", draw(), "-01");
}

}  // namespace timbre::client
