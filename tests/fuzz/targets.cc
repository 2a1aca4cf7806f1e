#include "tests/fuzz/targets.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace timbre::fuzz {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

uint8_t Input::Byte() {
  const Bytes one = Take(1);
  return one.empty() ? 0 : one[0];
}

uint32_t Input::Word() {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word |= static_cast<uint32_t>(Byte()) << (8 * i);
  return word;
}

uint32_t Input::Below(uint32_t bound) { return (bound <= 256 ? Byte() : Word()) % bound; }

Bytes Input::Take(size_t count) {
  const Bytes taken = bytes_.first(std::min(count, bytes_.size()));
  bytes_ = bytes_.subspan(taken.size());
  return taken;
}

std::string Input::Text(size_t count) {
  const Bytes taken = Take(count);
  return {taken.begin(), taken.end()};
}

MemoryFile::MemoryFile(Bytes bytes)
    : descriptor_(::memfd_create("fuzz", 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
  Require(descriptor_ >= 0, "a file in memory can be made");
  const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
  Require(written == static_cast<ssize_t>(bytes.size()), "a file in memory can be written");
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

}  // namespace timbre::fuzz
