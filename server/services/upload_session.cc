#include "server/services/upload_session.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"

namespace timbre::services {
namespace {

namespace fs = std::filesystem;

// What a file, and each folder of its path, counts beside its bytes: an upload of nothing but names is
// bounded too.
constexpr int64_t kBytesPerName = 4096;

absl::Status CheckFilePath(const std::string& path) {
  const fs::path relative(path);
  bool good = !path.empty() && path.size() <= 1024 && relative.is_relative() &&
              path.find('\0') == std::string::npos && relative.has_filename();
  for (const fs::path& part : relative) good = good && part != ".." && part != ".";
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "file path '", path.substr(0, 200), "' is not allowed; give a relative path without '.' and '..'"));
}

// Names that no file system takes are the client's mistake.
absl::Status CreateError(int error, const std::string& path) {
  if (error == ENAMETOOLONG || error == ENOTDIR || error == EEXIST || error == EISDIR) {
    return absl::InvalidArgumentError(
        absl::StrCat("file path '", path.substr(0, 200), "' cannot be made: ", std::strerror(error)));
  }
  return base::ErrnoStatus(error, "create", path);
}

}  // namespace

UploadSession::~UploadSession() {
  if (staging_.empty()) return;
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

absl::Status UploadSession::Take(const v1::UploadDatasetRequest& message) {
  if (ended_) return absl::InvalidArgumentError("a message came after `end`, the last of an upload");
  if (staging_.empty() != message.has_start()) {
    return absl::InvalidArgumentError(message.has_start()
                                          ? "`start` may only be the first message of an upload"
                                          : "the first message of an upload must be `start`");
  }
  switch (message.part_case()) {
    case v1::UploadDatasetRequest::kStart:
      return Start(message.start());
    case v1::UploadDatasetRequest::kFile:
      return BeginFile(message.file().path());
    case v1::UploadDatasetRequest::kChunk:
      return Append(message.chunk());
    case v1::UploadDatasetRequest::kEnd:
      return End(message.end());
    case v1::UploadDatasetRequest::PART_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a message of the upload is empty; set start, file, chunk or end");
}

absl::Status UploadSession::Start(const v1::UploadStart& start) {
  dataset_.id = start.dataset_id();
  dataset_.track_id_pattern = start.track_id_pattern();
  TIMBRE_RETURN_IF_ERROR(catalog_.Check(dataset_));
  static std::atomic<uint64_t> counter = 0;
  const fs::path staging = staging_root_ / absl::StrCat("upload-", ::getpid(), "-", counter.fetch_add(1));
  std::error_code error;
  fs::create_directories(staging, error);
  if (error) return base::ErrnoStatus(error.value(), "create", staging);
  staging_ = staging;
  return absl::OkStatus();
}

absl::Status UploadSession::BeginFile(const std::string& path) {
  TIMBRE_RETURN_IF_ERROR(EndFile());
  TIMBRE_RETURN_IF_ERROR(CheckFilePath(path));
  const fs::path relative(path);
  TIMBRE_RETURN_IF_ERROR(Charge(kBytesPerName * std::distance(relative.begin(), relative.end())));
  file_path_ = staging_ / path;
  std::error_code error;
  if (fs::exists(file_path_, error)) {
    return absl::InvalidArgumentError(absl::StrCat("file '", path, "' comes twice in this upload"));
  }
  fs::create_directories(file_path_.parent_path(), error);
  if (error) return CreateError(error.value(), path);
  errno = 0;
  file_.open(file_path_, std::ios::binary | std::ios::trunc);
  if (!file_) return CreateError(errno, path);
  ++files_;
  return absl::OkStatus();
}

absl::Status UploadSession::Charge(int64_t bytes) {
  charged_bytes_ += bytes;
  if (charged_bytes_ <= max_bytes_) return absl::OkStatus();
  return base::ExhaustedError(
      base::Exhausted::kLimit,
      absl::StrCat("the upload has ", charged_bytes_, " bytes or more (", kBytesPerName,
                   " for each name in a path among them); at most ", max_bytes_,
                   " are allowed: split it, or put the files under the server's data root"));
}

absl::Status UploadSession::Append(const std::string& bytes) {
  if (!file_.is_open()) return absl::InvalidArgumentError("a chunk came before any file; send `file` first");
  TIMBRE_RETURN_IF_ERROR(Charge(static_cast<int64_t>(bytes.size())));
  content_bytes_ += static_cast<int64_t>(bytes.size());
  errno = 0;
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file_ ? absl::OkStatus() : base::ErrnoStatus(errno, "write", file_path_);
}

absl::Status UploadSession::EndFile() {
  if (!file_.is_open()) return absl::OkStatus();
  errno = 0;
  file_.close();
  if (!file_) return base::ErrnoStatus(errno, "write", file_path_);
  return base::SyncPath(file_path_);
}

absl::Status UploadSession::End(const v1::UploadEnd& end) {
  if (files_ == 0) return absl::InvalidArgumentError("the upload has no file");
  if (end.file_count() != files_ || end.byte_count() != content_bytes_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`end` speaks of ", end.file_count(), " files with ", end.byte_count(), " bytes, but ", files_,
        " files with ", content_bytes_, " bytes came; nothing was kept: send the upload again"));
  }
  ended_ = true;
  return EndFile();
}

absl::StatusOr<registry::DatasetInfo> UploadSession::Finish() {
  if (!ended_) {
    return absl::InvalidArgumentError(
        "the upload ended without `end`, so it may not be whole; nothing was kept: send `end` with the "
        "counts "
        "of files and bytes as the last message");
  }
  return catalog_.Create(dataset_, staging_);
}

}  // namespace timbre::services
