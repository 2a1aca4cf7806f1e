#include "client/request_id.h"

#include <cstdint>
#include <cstdio>
#include <random>

namespace timbre::client {

std::string NewRequestId() {
  std::random_device device;
  const auto draw = [&device] { return (static_cast<uint64_t>(device()) << 32) | device(); };
  const uint64_t high = (draw() & ~0xF000ULL) | 0x4000ULL;
  const uint64_t low = (draw() & ~(3ULL << 62)) | (2ULL << 62);
  char text[37];
  std::snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>((high >> 16) & 0xFFFF), static_cast<unsigned>(high & 0xFFFF),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFULL));
  return text;
}

}  // namespace timbre::client
