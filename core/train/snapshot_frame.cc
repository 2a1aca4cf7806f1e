#include "core/train/snapshot_frame.h"

#include "core/base/sha256.h"

namespace timbre::train {
namespace {

constexpr std::string_view kTitle = "timbre snapshot 2 ";

std::string Digest(std::string_view bytes) {
  base::Sha256 sha;
  sha.Update(bytes);
  return sha.HexDigest();
}

}  // namespace

std::string SealSnapshot(std::string_view archive) {
  std::string file(kTitle);
  file.append(Digest(archive)).append("\n").append(archive);
  return file;
}

absl::StatusOr<std::string_view> OpenSnapshot(std::string_view file) {
  if (file.substr(0, kTitle.size()) != kTitle) {
    return absl::DataLossError("it is damaged, or of another version of this program");
  }
  file.remove_prefix(kTitle.size());
  const size_t end = file.find('\n');
  if (end == std::string_view::npos) return absl::DataLossError("it is damaged: its first line is cut off");
  const std::string_view archive = file.substr(end + 1);
  if (file.substr(0, end) != Digest(archive)) {
    return absl::DataLossError("it is damaged: its bytes are not those that were written");
  }
  return archive;
}

}  // namespace timbre::train
