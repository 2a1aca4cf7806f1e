#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/base/mutex.h"
#include "core/dataset/segment.h"
#include "core/dataset/store_lock.h"

namespace timbre::dataset {

// Where the samples of a file lie.
struct StoredBlob {
  std::string segment;  // its name
  int64_t segment_samples = 0;
  int64_t offset_samples = 0;
  BlobRecord record;
};

// The decoded samples of all data sets of a server, by the content of the files they come from, so that no
// content is decoded twice. The folder holds segments, `loose/` and a lock:
//   decode  -> a loose file of samples, named by key and hash as soon as it is whole, in any order
//   pack    -> a segment of some 64 MiB, in the order of the data set: a kill between changes no byte of it
//   a data set's folder holds hard links to its segments: it can be read without the store, and a segment
//   whose only name is the store's own belongs to nobody
// A segment goes when the last data set that has any clip in it has gone. After a kill whatever has its final
// name is found again: segments were made durable, loose files are hashed before they are trusted.
// Threads: safe, but for Pack, Flush and Collect, which one thread calls. One store at a time for a folder,
// in all processes: Open waits.
// Errors, beside the named ones: kResourceExhausted (says what is needed and free) · kInternal.
class BlobStore {
 public:
  static constexpr int64_t kSegmentBytes = int64_t{64} << 20;

  struct Options {
    std::filesystem::path folder;
    int64_t segment_bytes = kSegmentBytes;  // a segment that has reached it takes no further blob
  };
  static absl::StatusOr<std::unique_ptr<BlobStore>> Open(Options options, const base::CancelToken& cancel);
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  std::optional<StoredBlob> Find(const std::string& key) const;

  // A loose blob that an ingest before this one left, read again and compared with its hash; a damaged one is
  // removed. Nothing where there is none, or after a cancel.
  std::optional<BlobRecord> FindLoose(const std::string& key, const base::CancelToken& cancel) const;

  // A place to write samples to, and its end: the finished file gets its name.
  std::filesystem::path NewLoose();
  absl::Status KeepLoose(const std::filesystem::path& written, const BlobRecord& record);

  // Appends a loose blob to the segment being filled; what is stored or being packed already is left out.
  absl::Status Pack(const BlobRecord& record);
  // Ends the segment being filled, if any.
  absl::Status Flush();

  // Gives a folder links to the segments. Errors: kFailedPrecondition the file system has no hard links.
  absl::Status LinkInto(const std::filesystem::path& folder, const std::vector<std::string>& segments) const;

  // Removes loose blobs and segments that no data set has a link to.
  absl::Status Collect();
  // The same for a folder with a store, or without one; leaves it to the ingest that holds it, which collects
  // at its end.
  static absl::Status CollectIn(const std::filesystem::path& folder);

 private:
  BlobStore(Options options, StoreLock lock) : options_(std::move(options)), lock_(std::move(lock)) {}
  absl::Status Scan();
  void AddSegment(const std::string& name, const std::vector<BlobRecord>& records);
  std::filesystem::path LooseFile(const BlobRecord& record) const;

  const Options options_;
  const StoreLock lock_;
  std::map<std::string, BlobRecord> found_loose_;  // by key
  std::atomic<uint64_t> next_loose_ = 0;
  std::unique_ptr<SegmentWriter> filling_;
  std::map<std::string, BlobRecord> packing_;  // by key: in the segment being filled

  mutable base::Mutex mutex_;
  std::map<std::string, StoredBlob> stored_ ABSL_GUARDED_BY(mutex_);  // by key
};

}  // namespace timbre::dataset
