#include "core/dataset/ingest.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/dataset/cache_folder.h"
#include "core/dataset/decode_pool.h"
#include "core/dataset/ingest_plan.h"

namespace timbre::dataset {
namespace {

using OnProgress = std::function<void(const IngestProgress&)>;

// The shortest time that the packing thread waits at once.
constexpr absl::Duration kMinWait = absl::Milliseconds(5);

// Tells how far the pool and the packing are, not too often, and not again while nothing happens: who watches
// the job sees by its silence that it hangs.
class Reporter {
 public:
  Reporter(const IngestOptions& options, const IngestPlan& plan, const OnProgress& on_progress)
      : interval_(options.progress_interval), on_progress_(on_progress) {
    progress_.files_total = static_cast<int64_t>(plan.scan.paths.size());
    progress_.bytes_total = plan.bytes;
  }

  absl::Duration UntilNext() const { return std::max(last_ + interval_ - absl::Now(), kMinWait); }

  void TellIfDue(const DecodePool& pool) {
    if (absl::Now() - last_ < interval_) return;
    const IngestProgress told = progress_;
    Read(pool);
    last_ = absl::Now();
    if (progress_ != told && on_progress_) on_progress_(progress_);
  }

  void Tell(const DecodePool& pool) {
    Read(pool);
    last_ = absl::Now();
    if (on_progress_) on_progress_(progress_);
  }

  void Count(const IngestReport& report, size_t skipped_by_scan, int64_t repeated_samples) {
    repeated_samples_ = repeated_samples;
    progress_.files_skipped = static_cast<int64_t>(report.skipped.size() - skipped_by_scan);
    progress_.files_cached = report.files_cached;
  }

 private:
  void Read(const DecodePool& pool) {
    const DecodePool::Figures figures = pool.figures();
    progress_.files_done = figures.files_done;
    progress_.bytes_done = figures.bytes_done;
    progress_.audio_seconds =
        static_cast<double>(figures.samples_done + repeated_samples_) / audio::kSampleRateHz;
  }

  const absl::Duration interval_;
  const OnProgress& on_progress_;
  absl::Time last_ = absl::InfinitePast();
  int64_t repeated_samples_ = 0;
  IngestProgress progress_;
};

// Packs what the pool decodes, in path order, and gathers the index.
class Packing {
 public:
  Packing(const IngestOptions& options, const IngestPlan& plan, BlobStore& store)
      : options_(options), plan_(plan), store_(store) {
    IngestReport& report = index_.report;
    report.files_seen = plan.scan.files_seen;
    report.skipped = plan.scan.skipped;
    report.rows_without_file = CountRowsWithoutFile(plan);
    index_.tags = plan.annotations.tags;
  }

  absl::Status Run(const base::CancelToken& cancel, const OnProgress& on_progress) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    DecodePool pool({.source_dir = options_.source_dir,
                     .limits = options_.limits,
                     .threads = options_.threads > 0 ? options_.threads : cores},
                    plan_.scan.paths, store_, cancel);
    Reporter reporter(options_, plan_, on_progress);
    reporter.Tell(pool);
    const size_t skipped_by_scan = index_.report.skipped.size();
    for (size_t file = 0; file < plan_.scan.paths.size(); ++file) {
      std::optional<BlobOutcome> outcome;
      while (!outcome.has_value()) {
        TIMBRE_RETURN_IF_ERROR(cancel.Check());
        TIMBRE_ASSIGN_OR_RETURN(outcome, pool.WaitFor(file, reporter.UntilNext()));
        if (!outcome.has_value()) reporter.TellIfDue(pool);
      }
      TIMBRE_RETURN_IF_ERROR(Take(plan_.scan.paths[file], *outcome, pool));
      reporter.Count(index_.report, skipped_by_scan, repeated_samples_);
      reporter.TellIfDue(pool);
    }
    TIMBRE_RETURN_IF_ERROR(store_.Flush());
    TIMBRE_RETURN_IF_ERROR(pool.WaitForEnd());
    reporter.Tell(pool);
    return cancel.Check();
  }

  absl::StatusOr<CacheIndex> Finish() {
    IngestReport& report = index_.report;
    std::sort(report.skipped.begin(), report.skipped.end(),
              [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
    if (index_.clips.empty()) return NothingUsable();
    TIMBRE_RETURN_IF_ERROR(Place());
    int64_t samples = 0;
    for (const Clip& clip : index_.clips) samples += clip.length_samples;
    report.clips = static_cast<int64_t>(index_.clips.size());
    report.audio_seconds = static_cast<double>(samples) / audio::kSampleRateHz;
    return std::move(index_);
  }

 private:
  // Not OK only if packing fails: a file that cannot be used is reported.
  absl::Status Take(const std::string& path, const BlobOutcome& outcome, DecodePool& pool) {
    if (!outcome.usable.ok()) {
      index_.report.skipped.push_back({path, std::string(outcome.usable.message())});
      return absl::OkStatus();
    }
    const bool first = taken_.insert(outcome.blob.key).second;
    ++(first && outcome.decoded ? index_.report.files_decoded : index_.report.files_cached);
    if (!first) repeated_samples_ += outcome.blob.length_samples;
    const auto found = plan_.rows.find(path);
    const Annotations::Row* row = found == plan_.rows.end() ? nullptr : found->second;
    if (plan_.annotated && row == nullptr) ++index_.report.files_without_row;
    Clip clip;
    clip.path = path;
    clip.track_id = TrackOf(path, row, plan_);
    clip.length_samples = outcome.blob.length_samples;
    clip.pcm_sha256 = outcome.blob.pcm_sha256;
    if (row != nullptr) clip.labels = row->labels;
    index_.clips.push_back(std::move(clip));
    keys_.push_back(outcome.blob.key);
    if (!first || !outcome.loose) return absl::OkStatus();
    TIMBRE_RETURN_IF_ERROR(store_.Pack(outcome.blob));
    pool.OnPacked(outcome.blob);
    return absl::OkStatus();
  }

  // Now that all segments have names: where each clip lies.
  absl::Status Place() {
    std::map<std::string, int64_t> segments;
    for (size_t i = 0; i < index_.clips.size(); ++i) {
      const std::optional<StoredBlob> blob = store_.Find(keys_[i]);
      if (!blob.has_value()) {
        return absl::InternalError(absl::StrCat("the samples of ", index_.clips[i].path, " were not packed"));
      }
      const auto [segment, is_new] =
          segments.emplace(blob->segment, static_cast<int64_t>(index_.segments.size()));
      if (is_new) index_.segments.push_back({blob->segment, blob->segment_samples});
      index_.clips[i].segment = segment->second;
      index_.clips[i].offset_samples = blob->offset_samples;
    }
    return absl::OkStatus();
  }

  absl::Status NothingUsable() const {
    const IngestReport& report = index_.report;
    if (report.skipped.empty()) {
      return absl::FailedPreconditionError(
          "there is no audio file in the folder; looked for wav flac ogg oga opus mp3 aif aiff aifc caf au "
          "snd");
    }
    return absl::FailedPreconditionError(
        absl::StrCat("none of the ", report.files_seen, " audio files can be used; the first, ",
                     report.skipped[0].path, ": ", report.skipped[0].reason));
  }

  const IngestOptions& options_;
  const IngestPlan& plan_;
  BlobStore& store_;
  std::set<std::string> taken_;    // keys
  std::vector<std::string> keys_;  // [clips]
  int64_t repeated_samples_ = 0;   // of files whose content another one had: the pool saw it once
  CacheIndex index_;
};

absl::StatusOr<IngestReport> Fill(const IngestOptions& options, BlobStore& store,
                                  const base::CancelToken& cancel, const OnProgress& on_progress) {
  CacheFolder folder(options.cache_dir);
  TIMBRE_RETURN_IF_ERROR(folder.Begin());
  TIMBRE_ASSIGN_OR_RETURN(const IngestPlan plan,
                          MakeIngestPlan(options.source_dir, options.track_id_pattern));
  Packing packing(options, plan, store);
  TIMBRE_RETURN_IF_ERROR(packing.Run(cancel, on_progress));
  TIMBRE_ASSIGN_OR_RETURN(const CacheIndex index, packing.Finish());
  std::vector<std::string> segments;
  for (const SegmentUse& segment : index.segments) segments.push_back(segment.name);
  TIMBRE_RETURN_IF_ERROR(store.LinkInto(folder.partial_dir(), segments));
  TIMBRE_RETURN_IF_ERROR(folder.Commit(index));
  return index.report;
}

}  // namespace

absl::StatusOr<IngestReport> Ingest(const IngestOptions& options, const base::CancelToken& cancel,
                                    const OnProgress& on_progress) {
  if (options.blob_dir.empty()) return absl::InvalidArgumentError("an ingest needs a blob_dir");
  TIMBRE_ASSIGN_OR_RETURN(
      const std::unique_ptr<BlobStore> store,
      BlobStore::Open({.folder = options.blob_dir, .segment_bytes = options.segment_bytes}, cancel));
  absl::StatusOr<IngestReport> report = Fill(options, *store, cancel, on_progress);
  if (absl::IsUnavailable(report.status())) return report;
  if (const absl::Status status = store->Collect(); !status.ok()) {
    base::LogError("the blob store is not tidied: {}", status.ToString());
  }
  return report;
}

}  // namespace timbre::dataset
