#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/audio/decoder.h"
#include "core/base/cancel_token.h"
#include "core/base/mutex.h"
#include "core/dataset/blob_store.h"
#include "core/dataset/content_key.h"

namespace timbre::dataset {

// What became of a file's content.
struct BlobOutcome {
  absl::Status usable;   // not OK: why no clip can be made of it
  BlobRecord blob;       // if usable
  bool loose = false;    // it waits to be packed
  bool decoded = false;  // by this pool; else it was there
};

// Gets the samples of files into a blob store, on several threads: each file is hashed, looked up, and
// decoded block by block if the store does not have it. Files of the same content are decoded once. What
// cannot be used is not remembered: the next ingest tries it again.
// Memory: some blocks a thread, however long the files are. Disk: when a GiB waits to be packed, no file is
// begun; those that were begun include the first that the packer waits for.
// Threads: safe. Lifetime: paths and store must outlive it; the destructor stops what runs, within a block.
class DecodePool {
 public:
  struct Options {
    std::filesystem::path source_dir;
    audio::DecodeLimits limits;
    int threads = 1;
  };
  DecodePool(Options options, const std::vector<std::string>& paths, BlobStore& store,
             const base::CancelToken& cancel);
  ~DecodePool();
  DecodePool(const DecodePool&) = delete;
  DecodePool& operator=(const DecodePool&) = delete;

  // Waits for a file's outcome. Nothing when the time is over.
  // Errors: what must end the ingest: kResourceExhausted · kInternal · the token's status.
  absl::StatusOr<std::optional<BlobOutcome>> WaitFor(size_t file, absl::Duration timeout);

  // Waits until no file is left. Errors: as WaitFor.
  absl::Status WaitForEnd();

  // A loose blob was packed: its disk space is free for the next.
  void OnPacked(const BlobRecord& blob);

  struct Figures {
    int64_t files_done = 0;
    int64_t bytes_done = 0;    // of whole files
    int64_t samples_done = 0;  // of files half done too
  };
  Figures figures() const;

 private:
  void Run();
  std::optional<size_t> NextFile();
  absl::Status Process(size_t file);
  // A file that was hashed.
  struct Source {
    std::filesystem::path path;
    FileStamp stamp;  // from before
    std::string key;
  };
  absl::StatusOr<BlobOutcome> Resolve(const Source& source);
  absl::StatusOr<BlobOutcome> Decode(const Source& source);
  bool StillTheSame(const Source& source) const;
  bool Claim(size_t file, const std::string& key);
  void Publish(const std::string& key, BlobOutcome outcome);
  void LeaveOut(size_t file, const absl::Status& why);

  const Options options_;
  const std::string parameters_;
  const std::vector<std::string>& paths_;
  BlobStore& store_;
  base::CancelSource stop_;  // the caller's cancel, a fatal error, or the destructor
  const base::CancelToken stopped_ = stop_.token();
  const base::CancelToken cancel_;
  int64_t on_cancel_ = 0;

  mutable base::Mutex mutex_;
  base::Condition changed_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t unpacked_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> keys_ ABSL_GUARDED_BY(mutex_);                // [files]; empty: not hashed yet
  std::vector<absl::Status> left_out_ ABSL_GUARDED_BY(mutex_);           // [files]; without a key
  std::map<std::string, BlobOutcome> outcomes_ ABSL_GUARDED_BY(mutex_);  // by key
  std::map<std::string, size_t> claims_ ABSL_GUARDED_BY(mutex_);         // by key: who decodes it
  Figures done_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> samples_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace timbre::dataset
