#include "core/dataset/decode_pool.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/dataset/pcm_writer.h"

namespace timbre::dataset {
namespace {

constexpr int64_t kMaxUnpackedBytes = int64_t{1} << 30;
// A cancel does not take the mutex, so its notification may come just before the wait for it.
constexpr absl::Duration kAskAgain = absl::Milliseconds(50);
// Longer than the tick of any file system's clock (2 s on FAT).
constexpr absl::Duration kYoung = absl::Minutes(1);

int64_t BytesOf(const BlobRecord& blob) {
  return blob.length_samples * static_cast<int64_t>(sizeof(int16_t));
}

}  // namespace

DecodePool::DecodePool(Options options, const std::vector<std::string>& paths, BlobStore& store,
                       const base::CancelToken& cancel)
    : options_(std::move(options)),
      parameters_(DecodeParameters(options_.limits)),
      paths_(paths),
      store_(store),
      cancel_(cancel),
      keys_(paths.size()),
      left_out_(paths.size()) {
  on_cancel_ = cancel_.OnCancel([this] {
    stop_.Cancel(cancel_.Check());
    changed_.NotifyAll();
  });
  const size_t threads = std::min(static_cast<size_t>(std::max(options_.threads, 1)), paths.size());
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

DecodePool::~DecodePool() {
  cancel_.RemoveCallback(on_cancel_);
  stop_.Cancel();
  {
    base::MutexLock lock(mutex_);
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void DecodePool::Run() {
  while (const std::optional<size_t> file = NextFile()) {
    const absl::Status status = Process(*file);
    if (!status.ok()) stop_.Cancel(status);
    base::MutexLock lock(mutex_);
    ++done_.files_done;
    changed_.NotifyAll();
  }
}

std::optional<size_t> DecodePool::NextFile() {
  base::MutexLock lock(mutex_);
  while (!stopped_.cancelled() && unpacked_bytes_ >= kMaxUnpackedBytes) changed_.Wait(mutex_);
  if (stopped_.cancelled() || next_ == paths_.size()) return std::nullopt;
  return next_++;
}

absl::Status DecodePool::Process(size_t file) {
  const std::filesystem::path path = options_.source_dir / paths_[file];
  const absl::StatusOr<FileStamp> stamp = StampOf(path);
  const absl::StatusOr<std::string> key = KeyOfFile(path, parameters_, stopped_);
  TIMBRE_RETURN_IF_ERROR(stopped_.Check());
  if (!stamp.ok() || !key.ok()) {
    LeaveOut(file, stamp.ok() ? key.status() : stamp.status());
    return absl::OkStatus();
  }
  if (Claim(file, *key)) {
    TIMBRE_ASSIGN_OR_RETURN(BlobOutcome outcome, Resolve({.path = path, .stamp = *stamp, .key = *key}));
    Publish(*key, std::move(outcome));
  }
  base::MutexLock lock(mutex_);
  done_.bytes_done += stamp->bytes;
  return absl::OkStatus();
}

absl::StatusOr<BlobOutcome> DecodePool::Resolve(const Source& source) {
  if (const std::optional<StoredBlob> stored = store_.Find(source.key)) {
    samples_ += stored->record.length_samples;
    return BlobOutcome{.usable = {}, .blob = stored->record, .loose = false, .decoded = false};
  }
  if (const std::optional<BlobRecord> loose = store_.FindLoose(source.key, stopped_)) {
    samples_ += loose->length_samples;
    return BlobOutcome{.usable = {}, .blob = *loose, .loose = true, .decoded = false};
  }
  return Decode(source);
}

absl::StatusOr<BlobOutcome> DecodePool::Decode(const Source& source) {
  const std::filesystem::path place = store_.NewLoose();
  TIMBRE_ASSIGN_OR_RETURN(const std::unique_ptr<PcmWriter> writer, PcmWriter::Create(place));
  absl::Status ending;  // the end of the ingest, not only of this file
  const auto write = [&](std::span<const float> samples) -> absl::Status {
    ending = stopped_.Check();
    if (ending.ok()) ending = writer->Append(samples);
    samples_ += static_cast<int64_t>(samples.size());
    return ending;
  };
  BlobOutcome outcome;
  outcome.usable = audio::StreamFileTo22050(source.path, options_.limits, write);
  TIMBRE_RETURN_IF_ERROR(ending);
  if (outcome.usable.ok() && writer->samples() < audio::kMinSamples) {
    outcome.usable = absl::InvalidArgumentError(absl::StrCat("too short: ", writer->samples(),
                                                             " samples at 22,050 Hz; at least ",
                                                             audio::kMinSamples, " (0.1 s) are needed"));
  }
  if (outcome.usable.ok() && !StillTheSame(source)) {
    TIMBRE_RETURN_IF_ERROR(stopped_.Check());
    outcome.usable = absl::AbortedError("the file was changed while it was read");
  }
  if (!outcome.usable.ok()) return outcome;
  outcome.blob = {.key = source.key, .pcm_sha256 = "", .length_samples = writer->samples()};
  TIMBRE_ASSIGN_OR_RETURN(outcome.blob.pcm_sha256, writer->Finish());
  TIMBRE_RETURN_IF_ERROR(store_.KeepLoose(place, outcome.blob));
  outcome.loose = outcome.decoded = true;
  return outcome;
}

// What was decoded must be what was hashed. A stamp tells a change from an older state only: within a tick of
// the file system's clock two states look alike, so a young file is hashed again.
bool DecodePool::StillTheSame(const Source& source) const {
  const absl::StatusOr<FileStamp> now = StampOf(source.path);
  if (!now.ok() || !(*now == source.stamp)) return false;
  if (absl::Now() - absl::FromUnixNanos(now->changed_ns) > kYoung) return true;
  return KeyOfFile(source.path, parameters_, stopped_).value_or("") == source.key;
}

bool DecodePool::Claim(size_t file, const std::string& key) {
  base::MutexLock lock(mutex_);
  keys_[file] = key;
  return claims_.emplace(key, file).second;
}

void DecodePool::Publish(const std::string& key, BlobOutcome outcome) {
  base::MutexLock lock(mutex_);
  if (outcome.loose) unpacked_bytes_ += BytesOf(outcome.blob);
  outcomes_[key] = std::move(outcome);
}

void DecodePool::LeaveOut(size_t file, const absl::Status& why) {
  base::MutexLock lock(mutex_);
  left_out_[file] = why;
}

absl::StatusOr<std::optional<BlobOutcome>> DecodePool::WaitFor(size_t file, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  base::MutexLock lock(mutex_);
  while (true) {
    TIMBRE_RETURN_IF_ERROR(stopped_.Check());
    if (!left_out_[file].ok()) {
      return std::optional<BlobOutcome>(
          BlobOutcome{.usable = left_out_[file], .blob = {}, .loose = false, .decoded = false});
    }
    const auto found = outcomes_.find(keys_[file]);
    if (found != outcomes_.end()) return std::optional<BlobOutcome>(found->second);
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return std::optional<BlobOutcome>();
    changed_.WaitFor(mutex_, left);
  }
}

absl::Status DecodePool::WaitForEnd() {
  base::MutexLock lock(mutex_);
  while (!stopped_.cancelled() && done_.files_done < static_cast<int64_t>(paths_.size()))
    changed_.WaitFor(mutex_, kAskAgain);
  return stopped_.Check();
}

void DecodePool::OnPacked(const BlobRecord& blob) {
  base::MutexLock lock(mutex_);
  unpacked_bytes_ -= BytesOf(blob);
  changed_.NotifyAll();
}

DecodePool::Figures DecodePool::figures() const {
  base::MutexLock lock(mutex_);
  Figures figures = done_;
  figures.samples_done = samples_;
  return figures;
}

}  // namespace timbre::dataset
