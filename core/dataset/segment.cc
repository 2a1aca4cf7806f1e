#include "core/dataset/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/atomic_file.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "core/dataset/pcm_writer.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "segments are little endian");

constexpr char kMagic[] = "timbrePC";
constexpr size_t kMagicBytes = sizeof(kMagic) - 1;
constexpr size_t kTailBytes = sizeof(uint64_t) + kMagicBytes;
constexpr size_t kCopyBytes = size_t{1} << 20;
constexpr char kUnfinished[] = ".unfinished.tmp";

std::string HashOf(std::string_view text) {
  base::Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

bool ParseLine(std::string_view line, BlobRecord& record) {
  const std::vector<std::string> parts = absl::StrSplit(absl::string_view(line.data(), line.size()), ' ');
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &record.length_samples)) return false;
  record.key = parts[0];
  record.pcm_sha256 = parts[1];
  return record.length_samples > 0;
}

}  // namespace

std::string SegmentFile(const std::string& name) { return absl::StrCat(name, kSegmentExtension); }

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(const fs::path& folder) {
  const fs::path path = folder / kUnfinished;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return base::ErrnoStatus(errno, "create", path);
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(folder, path, file));
}

SegmentWriter::~SegmentWriter() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  fs::remove(path_, ignored);
}

absl::Status SegmentWriter::Write(const void* data, size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(file_, next, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(errno, path_, bytes);
    next += written;
    bytes -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status SegmentWriter::Append(const fs::path& pcm_file, const BlobRecord& record) {
  const int from = ::open(pcm_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) return base::ErrnoStatus(errno, "open", pcm_file);
  std::vector<char> buffer(kCopyBytes);
  int64_t copied = 0;
  absl::Status status;
  while (status.ok()) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = base::ErrnoStatus(errno, "read", pcm_file);
    if (count <= 0) break;
    status = Write(buffer.data(), static_cast<size_t>(count));
    copied += count;
  }
  ::close(from);
  TIMBRE_RETURN_IF_ERROR(status);
  const auto expected = record.length_samples * static_cast<int64_t>(sizeof(int16_t));
  if (copied != expected) {
    return absl::DataLossError(
        absl::StrCat(pcm_file.string(), " has ", copied, " bytes instead of ", expected));
  }
  bytes_ += copied;
  records_.push_back(record);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SegmentWriter::Finish() {
  std::string footer;
  for (const BlobRecord& record : records_) {
    absl::StrAppend(&footer, record.key, " ", record.pcm_sha256, " ", record.length_samples, "\n");
  }
  std::string name = HashOf(footer);
  const uint64_t footer_bytes = footer.size();
  footer.append(reinterpret_cast<const char*>(&footer_bytes), sizeof(footer_bytes));
  footer.append(kMagic, kMagicBytes);
  TIMBRE_RETURN_IF_ERROR(Write(footer.data(), footer.size()));
  // Some file systems report a full disk only here.
  if (::fsync(file_) != 0) return WriteError(errno, path_, 0);
  const fs::path place = folder_ / SegmentFile(name);
  if (std::rename(path_.c_str(), place.c_str()) != 0) return base::ErrnoStatus(errno, "rename to", place);
  if (::close(std::exchange(file_, -1)) != 0) return WriteError(errno, place, 0);
  TIMBRE_RETURN_IF_ERROR(base::SyncPath(folder_));
  return name;
}

absl::StatusOr<std::unique_ptr<const MappedSegment>> MappedSegment::Open(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return base::ErrnoStatus(errno, "open", path);
  struct stat info = {};
  std::unique_ptr<MappedSegment> segment(new MappedSegment());
  absl::Status status;
  if (::fstat(file, &info) != 0) {
    status = base::ErrnoStatus(errno, "stat", path);
  } else if (info.st_size > 0) {
    const auto bytes = static_cast<size_t>(info.st_size);
    void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped == MAP_FAILED) {
      status = base::ErrnoStatus(errno, "map", path);
    } else {
      ::madvise(mapped, bytes, MADV_RANDOM);
      segment->data_ = static_cast<const char*>(mapped);
      segment->bytes_ = bytes;
    }
  }
  ::close(file);
  if (status.ok()) status = segment->ReadFooter(path.stem().string());
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat(path.string(), ": ", status.message()));
  return std::unique_ptr<const MappedSegment>(std::move(segment));
}

MappedSegment::~MappedSegment() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), bytes_);
}

absl::Status MappedSegment::ReadFooter(const std::string& name) {
  const std::string_view all(data_, bytes_);
  if (bytes_ < kTailBytes || all.substr(bytes_ - kMagicBytes) != kMagic) {
    return absl::DataLossError(absl::StrCat("its ", bytes_, " bytes do not end as a segment does"));
  }
  uint64_t footer_bytes = 0;
  std::memcpy(&footer_bytes, data_ + bytes_ - kTailBytes, sizeof(footer_bytes));
  if (footer_bytes > bytes_ - kTailBytes) return absl::DataLossError("its footer is longer than the file");
  const size_t sample_bytes = bytes_ - kTailBytes - footer_bytes;
  const std::string_view footer = all.substr(sample_bytes, footer_bytes);
  if (HashOf(footer) != name) return absl::DataLossError("its footer was changed: it does not fit the name");
  for (size_t begin = 0, end = 0; begin < footer.size(); begin = end + 1) {
    end = std::min(footer.find('\n', begin), footer.size());
    BlobRecord record;
    if (!ParseLine(footer.substr(begin, end - begin), record))
      return absl::DataLossError("a bad footer line");
    samples_ += record.length_samples;
    records_.push_back(std::move(record));
  }
  if (static_cast<size_t>(samples_) * sizeof(int16_t) == sample_bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("it holds ", sample_bytes, " bytes of samples; its footer says ",
                                          static_cast<size_t>(samples_) * sizeof(int16_t)));
}

std::span<const int16_t> MappedSegment::samples() const {
  return {reinterpret_cast<const int16_t*>(data_), static_cast<size_t>(samples_)};
}

}  // namespace timbre::dataset
