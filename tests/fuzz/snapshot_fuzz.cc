#include "core/train/snapshot_frame.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

// LibTorch's reader of the archive is not fuzzed: it sees only bytes that the checksum vouches for.
void FuzzSnapshot(Bytes bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto archive = train::OpenSnapshot(file);
  if (archive.ok()) Require(train::SealSnapshot(*archive) == file, "only what was sealed is opened");
  std::string sealed = train::SealSnapshot(file);
  const auto opened = train::OpenSnapshot(sealed);
  Require(opened.ok() && *opened == file, "what was sealed can be opened");
  sealed[bytes.empty() ? 0 : bytes[0] % sealed.size()] ^= 1;
  Require(!train::OpenSnapshot(sealed).ok(), "one bit is enough to refuse it");
}

}  // namespace timbre::fuzz
