#include "core/dataset/blob_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/dataset/content_key.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

constexpr char kLooseFolder[] = "loose";
constexpr char kUnfinishedExtension[] = ".tmp";
constexpr size_t kHashDigits = 64;

// Sorted, so that what is found does not depend on the file system's order.
absl::StatusOr<std::vector<fs::path>> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_directory()) files.push_back(entry->path());
  }
  if (error) return base::ErrnoStatus(error.value(), "read the folder", folder);
  std::sort(files.begin(), files.end());
  return files;
}

absl::Status Remove(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  return error ? base::ErrnoStatus(error.value(), "remove", path) : absl::OkStatus();
}

// A loose file's name says all but its length: "<key>.<pcm_sha256>".
std::optional<BlobRecord> RecordOfLoose(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.size() != 2 * kHashDigits + 1 || name[kHashDigits] != '.') return std::nullopt;
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error || bytes == 0 || bytes % sizeof(int16_t) != 0) return std::nullopt;
  return BlobRecord{.key = name.substr(0, kHashDigits),
                    .pcm_sha256 = name.substr(kHashDigits + 1),
                    .length_samples = static_cast<int64_t>(bytes / sizeof(int16_t))};
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(Options options, const base::CancelToken& cancel) {
  std::error_code error;
  fs::create_directories(options.folder / kLooseFolder, error);
  if (error) return base::ErrnoStatus(error.value(), "create", options.folder / kLooseFolder);
  TIMBRE_ASSIGN_OR_RETURN(StoreLock lock, StoreLock::Take(options.folder, cancel));
  std::unique_ptr<BlobStore> store(new BlobStore(std::move(options), std::move(lock)));
  TIMBRE_RETURN_IF_ERROR(store->Scan());
  return store;
}

absl::Status BlobStore::Scan() {
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesIn(options_.folder));
  for (const fs::path& path : files) {
    if (path.extension() == kUnfinishedExtension) TIMBRE_RETURN_IF_ERROR(Remove(path));
    if (path.extension() != kSegmentExtension) continue;
    const auto segment = MappedSegment::Open(path);
    if (segment.ok()) {
      AddSegment(path.stem().string(), (*segment)->records());
    } else if (absl::IsDataLoss(segment.status())) {
      // Its files are decoded again. Data sets that have it say so themselves when they are opened.
      base::LogError("a damaged segment is given up: {}", segment.status().ToString());
      TIMBRE_RETURN_IF_ERROR(Remove(path));
    } else {
      return segment.status();
    }
  }
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<fs::path> loose, FilesIn(options_.folder / kLooseFolder));
  for (const fs::path& path : loose) {
    const std::optional<BlobRecord> record = RecordOfLoose(path);
    // A kill between the end of a segment and the end of its loose files leaves both.
    if (record.has_value() && !Find(record->key).has_value()) {
      found_loose_[record->key] = *record;
    } else {
      TIMBRE_RETURN_IF_ERROR(Remove(path));
    }
  }
  return absl::OkStatus();
}

void BlobStore::AddSegment(const std::string& name, const std::vector<BlobRecord>& records) {
  base::MutexLock lock(mutex_);
  int64_t samples = 0;
  for (const BlobRecord& record : records) samples += record.length_samples;
  int64_t offset = 0;
  for (const BlobRecord& record : records) {
    stored_.emplace(
        record.key,
        StoredBlob{.segment = name, .segment_samples = samples, .offset_samples = offset, .record = record});
    offset += record.length_samples;
  }
}

std::optional<StoredBlob> BlobStore::Find(const std::string& key) const {
  base::MutexLock lock(mutex_);
  const auto found = stored_.find(key);
  if (found == stored_.end()) return std::nullopt;
  return found->second;
}

fs::path BlobStore::LooseFile(const BlobRecord& record) const {
  return options_.folder / kLooseFolder / absl::StrCat(record.key, ".", record.pcm_sha256);
}

std::optional<BlobRecord> BlobStore::FindLoose(const std::string& key,
                                               const base::CancelToken& cancel) const {
  const auto found = found_loose_.find(key);
  if (found == found_loose_.end()) return std::nullopt;
  const fs::path path = LooseFile(found->second);
  const absl::StatusOr<std::string> hash = HashOfFile(path, cancel);
  if (hash.ok() && *hash == found->second.pcm_sha256) return found->second;
  if (cancel.cancelled()) return std::nullopt;
  std::error_code ignored;
  fs::remove(path, ignored);
  return std::nullopt;
}

fs::path BlobStore::NewLoose() {
  return options_.folder / kLooseFolder / absl::StrCat(next_loose_.fetch_add(1), kUnfinishedExtension);
}

absl::Status BlobStore::KeepLoose(const fs::path& written, const BlobRecord& record) {
  const fs::path place = LooseFile(record);
  if (std::rename(written.c_str(), place.c_str()) == 0) return absl::OkStatus();
  return base::ErrnoStatus(errno, "rename to", place);
}

absl::Status BlobStore::Pack(const BlobRecord& record) {
  if (packing_.count(record.key) != 0 || Find(record.key).has_value()) return absl::OkStatus();
  if (filling_ == nullptr) {
    TIMBRE_ASSIGN_OR_RETURN(filling_, SegmentWriter::Create(options_.folder));
  }
  TIMBRE_RETURN_IF_ERROR(filling_->Append(LooseFile(record), record));
  packing_[record.key] = record;
  return filling_->bytes() < options_.segment_bytes ? absl::OkStatus() : Flush();
}

absl::Status BlobStore::Flush() {
  if (filling_ == nullptr) return absl::OkStatus();
  const std::unique_ptr<SegmentWriter> full = std::move(filling_);
  TIMBRE_ASSIGN_OR_RETURN(const std::string name, full->Finish());
  AddSegment(name, full->records());
  for (const auto& [key, record] : packing_) TIMBRE_RETURN_IF_ERROR(Remove(LooseFile(record)));
  packing_.clear();
  return absl::OkStatus();
}

absl::Status BlobStore::LinkInto(const fs::path& folder, const std::vector<std::string>& segments) const {
  for (const std::string& name : segments) {
    const fs::path from = options_.folder / SegmentFile(name);
    const fs::path to = folder / SegmentFile(name);
    if (::link(from.c_str(), to.c_str()) == 0) continue;
    const int error = errno;
    if (error != EPERM && error != EOPNOTSUPP && error != EXDEV) return base::ErrnoStatus(error, "link", to);
    return absl::FailedPreconditionError(
        absl::StrCat("the file system of ", folder.string(),
                     " has no hard links, by which data sets share decoded audio; put the state directory on "
                     "one that has (ext4, XFS, btrfs, ZFS, NFS, ...)"));
  }
  return absl::OkStatus();
}

absl::Status BlobStore::Collect() {
  filling_.reset();
  packing_.clear();
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<fs::path> loose, FilesIn(options_.folder / kLooseFolder));
  for (const fs::path& path : loose) TIMBRE_RETURN_IF_ERROR(Remove(path));
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesIn(options_.folder));
  for (const fs::path& path : files) {
    if (path.extension() != kSegmentExtension) continue;
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) return base::ErrnoStatus(errno, "stat", path);
    if (info.st_nlink == 1) TIMBRE_RETURN_IF_ERROR(Remove(path));
  }
  found_loose_.clear();
  base::MutexLock lock(mutex_);
  stored_.clear();
  return absl::OkStatus();
}

absl::Status BlobStore::CollectIn(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder / kLooseFolder, error)) return absl::OkStatus();
  TIMBRE_ASSIGN_OR_RETURN(std::optional<StoreLock> lock, StoreLock::TryTake(folder));
  if (!lock.has_value()) return absl::OkStatus();
  return BlobStore({.folder = folder, .segment_bytes = kSegmentBytes}, *std::move(lock)).Collect();
}

}  // namespace timbre::dataset
