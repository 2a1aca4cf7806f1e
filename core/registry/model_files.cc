#include "core/registry/model_files.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/registry/in_flight.h"

namespace timbre::registry {
namespace {

namespace fs = std::filesystem;
constexpr const char* kStagedPrefix = ".staged-";

absl::Status WriteVersion(const fs::path& folder, const ModelStore::NewVersion& version) {
  TIMBRE_RETURN_IF_ERROR(MarkInFlight(folder));
  TIMBRE_RETURN_IF_ERROR(weights::WriteTensorFile(EncoderFile(folder), version.encoder));
  if (!version.projector.empty()) {
    TIMBRE_RETURN_IF_ERROR(weights::WriteTensorFile(ProjectorFile(folder), version.projector));
  }
  return base::WriteFileAtomically(folder / "card.json", weights::ModelCardToJson(version.card));
}

}  // namespace

fs::path EncoderFile(const fs::path& folder) { return folder / "encoder.safetensors"; }

fs::path ProjectorFile(const fs::path& folder) { return folder / "projector.safetensors"; }

fs::path TaggerFile(const fs::path& folder, const std::string& tagger) {
  return folder / absl::StrCat("tagger-", tagger, ".safetensors");
}

absl::StatusOr<fs::path> StageVersion(const fs::path& root, const ModelStore::NewVersion& version) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return base::ErrnoStatus(error.value(), "create", root);
  std::string pattern = (root / absl::StrCat(kStagedPrefix, "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) return base::ErrnoStatus(errno, "create", pattern);
  // mkdtemp keeps others out, but the published folder may be shared with replicas.
  fs::permissions(
      pattern,
      fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec,
      fs::perm_options::add, error);
  absl::Status written = WriteVersion(pattern, version);
  if (written.ok()) return fs::path(pattern);
  fs::remove_all(pattern, error);
  return written;
}

absl::Status MoveIntoPlace(const fs::path& staged, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (error) return base::ErrnoStatus(error.value(), "create", folder.parent_path());
  TIMBRE_RETURN_IF_ERROR(base::SyncPath(folder.parent_path().parent_path()));
  fs::rename(staged, folder, error);
  if (error) return base::ErrnoStatus(error.value(), "rename to", folder);
  return base::SyncPath(folder.parent_path());
}

void RemoveStaged(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> staged;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (absl::StartsWith(entry->path().filename().string(), kStagedPrefix)) staged.push_back(entry->path());
  }
  for (const fs::path& folder : staged) RemoveFolder(folder);
}

absl::StatusOr<weights::TensorMap> ReadPublished(const fs::path& file, const std::string& digest) {
  absl::StatusOr<weights::TensorMap> tensors = weights::ReadTensorFile(file);
  if (!tensors.ok()) {
    if (absl::IsInternal(tensors.status())) return tensors;
    return absl::DataLossError(absl::StrCat("published weights cannot be read: ", file.string(), ": ",
                                            tensors.status().message(), "; restore the file"));
  }
  if (!digest.empty() && weights::DigestTensors(*tensors) != digest) {
    return absl::DataLossError(absl::StrCat("the weights in ", file.string(),
                                            " are not those that were published; restore the file"));
  }
  return tensors;
}

}  // namespace timbre::registry
