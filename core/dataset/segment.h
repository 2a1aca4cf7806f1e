#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::dataset {

// The decoded samples of one audio file.
struct BlobRecord {
  std::string key;             // content_key.h
  std::string pcm_sha256;      // of the samples as int16, hex
  int64_t length_samples = 0;  // at 22,050 Hz
};

// A segment holds the samples of many files, one after another as int16 little endian, so that a data set of
// 25,000 clips needs some hundred files and memory maps and not 25,000 (Linux allows a process 65,530). It is
// never changed: its footer lists the records, and its name is the footer's sha256:
//   samples | one line "key pcm_sha256 length" for each | bytes of the lines, uint64 | "timbrePC"
inline constexpr char kSegmentExtension[] = ".pcm";

std::string SegmentFile(const std::string& name);  // "<name>.pcm"

// Writes a segment beside its place and gives it its name at the end.
// Errors: kResourceExhausted disk, quota or file size limit (says what is needed and free) · kInternal.
// Threads: compatible. Lifetime: the destructor removes what was not finished.
class SegmentWriter {
 public:
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(const std::filesystem::path& folder);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // Appends the whole of a file of samples. Further errors: kDataLoss it is not as long as the record says.
  absl::Status Append(const std::filesystem::path& pcm_file, const BlobRecord& record);

  // Writes the footer, makes all durable and moves the segment to its place. Returns its name. Nothing may be
  // called afterwards.
  absl::StatusOr<std::string> Finish();

  int64_t bytes() const { return bytes_; }
  const std::vector<BlobRecord>& records() const { return records_; }

 private:
  SegmentWriter(std::filesystem::path folder, std::filesystem::path path, int file)
      : folder_(std::move(folder)), path_(std::move(path)), file_(file) {}
  absl::Status Write(const void* data, size_t bytes);

  const std::filesystem::path folder_;
  const std::filesystem::path path_;
  int file_;
  int64_t bytes_ = 0;
  std::vector<BlobRecord> records_;
};

// A segment in memory, mapped. Threads: safe (immutable). It outlives the file's name.
class MappedSegment {
 public:
  // Errors: kNotFound · kDataLoss size, footer and name do not fit each other (the samples are not hashed
  //   again: that would read all of them) · kInternal.
  static absl::StatusOr<std::unique_ptr<const MappedSegment>> Open(const std::filesystem::path& path);
  ~MappedSegment();
  MappedSegment(const MappedSegment&) = delete;
  MappedSegment& operator=(const MappedSegment&) = delete;

  std::span<const int16_t> samples() const;
  const std::vector<BlobRecord>& records() const { return records_; }

 private:
  MappedSegment() = default;
  absl::Status ReadFooter(const std::string& name);

  const char* data_ = nullptr;
  size_t bytes_ = 0;
  int64_t samples_ = 0;
  std::vector<BlobRecord> records_;
};

}  // namespace timbre::dataset
