#include "core/dataset/ingest.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/dataset/annotations.h"
#include "core/dataset/cache_folder.h"
#include "core/dataset/pcm_writer.h"
#include "core/dataset/scan.h"
#include "core/dataset/utf8.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

// All that is known before the first file is decoded.
struct Plan {
  ScanResult scan;
  bool annotated = false;
  Annotations annotations;
  std::map<std::string, const Annotations::Row*> rows;  // by NormalizedPath
  std::unique_ptr<RE2> track_pattern;                   // null: none
};

absl::StatusOr<std::unique_ptr<RE2>> CompilePattern(const std::string& pattern) {
  if (pattern.empty()) return nullptr;
  auto compiled = std::make_unique<RE2>(pattern, RE2::Quiet);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("track_id_pattern '", Printable(pattern),
                     "' is no regular expression (RE2 syntax): ", Printable(compiled->error())));
  }
  if (compiled->NumberOfCapturingGroups() >= 1) return compiled;
  return absl::InvalidArgumentError(absl::StrCat("track_id_pattern '", Printable(pattern),
                                                 "' has no group; put what names the track in parentheses"));
}

absl::StatusOr<Plan> MakePlan(const IngestOptions& options) {
  Plan plan;
  TIMBRE_ASSIGN_OR_RETURN(plan.track_pattern, CompilePattern(options.track_id_pattern));
  TIMBRE_ASSIGN_OR_RETURN(plan.scan, ScanForAudio(options.source_dir));
  const fs::path csv = options.source_dir / "annotations.csv";
  std::error_code error;
  plan.annotated = fs::exists(fs::symlink_status(csv, error));
  if (!plan.annotated) return plan;
  if (!LiesInside(csv, options.source_dir) || !fs::is_regular_file(csv, error)) {
    return absl::InvalidArgumentError(
        "annotations.csv must be a regular file inside of the data set's folder");
  }
  TIMBRE_ASSIGN_OR_RETURN(plan.annotations, ReadAnnotations(csv));
  for (const Annotations::Row& row : plan.annotations.rows) plan.rows[NormalizedPath(row.path)] = &row;
  return plan;
}

int64_t CountRowsWithoutFile(const Plan& plan) {
  std::set<std::string> seen(plan.scan.paths.begin(), plan.scan.paths.end());
  for (const SkippedFile& file : plan.scan.skipped) seen.insert(file.path);
  return std::count_if(plan.rows.begin(), plan.rows.end(),
                       [&seen](const auto& row) { return seen.count(row.first) == 0; });
}

std::string TrackOf(const std::string& path, const Annotations::Row* row, const Plan& plan) {
  if (row != nullptr && !row->track_id.empty()) return row->track_id;
  std::string track;
  if (!plan.annotations.has_track_ids && plan.track_pattern != nullptr &&
      RE2::PartialMatch(path, *plan.track_pattern, &track) && !track.empty()) {
    return track;
  }
  return path;
}

// Decodes the plan's files into the writer, one after another, and gathers the index.
class Decoding {
 public:
  Decoding(const IngestOptions& options, const Plan& plan, PcmWriter& writer)
      : options_(options), plan_(plan), writer_(writer) {
    IngestReport& report = index_.report;
    report.files_seen = plan.scan.files_seen;
    report.skipped = plan.scan.skipped;
    report.rows_without_file = CountRowsWithoutFile(plan);
    index_.tags = plan.annotations.tags;
  }

  absl::Status Run(const base::CancelToken& cancel,
                   const std::function<void(const IngestProgress&)>& on_progress) {
    IngestProgress progress{.files_done = 0, .files_total = static_cast<int64_t>(plan_.scan.paths.size())};
    if (on_progress) on_progress(progress);
    const size_t skipped_by_scan = index_.report.skipped.size();
    for (const std::string& path : plan_.scan.paths) {
      TIMBRE_RETURN_IF_ERROR(cancel.Check());
      TIMBRE_RETURN_IF_ERROR(Decode(path));
      ++progress.files_done;
      progress.files_skipped = static_cast<int64_t>(index_.report.skipped.size() - skipped_by_scan);
      if (on_progress) on_progress(progress);
    }
    return cancel.Check();
  }

  absl::StatusOr<CacheIndex> Finish() {
    IngestReport& report = index_.report;
    std::sort(report.skipped.begin(), report.skipped.end(),
              [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
    if (index_.clips.empty()) return NothingUsable();
    report.clips = static_cast<int64_t>(index_.clips.size());
    report.audio_seconds = static_cast<double>(writer_.samples()) / audio::kSampleRateHz;
    index_.pcm_samples = writer_.samples();
    TIMBRE_ASSIGN_OR_RETURN(index_.pcm_sha256, writer_.Finish());
    return std::move(index_);
  }

 private:
  // Not OK only if writing fails: a file that cannot be used is reported.
  absl::Status Decode(const std::string& path) {
    const absl::StatusOr<audio::Waveform> waveform =
        audio::DecodeFileTo22050(options_.source_dir / path, options_.limits);
    if (!waveform.ok()) {
      Skip(path, std::string(waveform.status().message()));
      return absl::OkStatus();
    }
    const auto length = static_cast<int64_t>(waveform->samples.size());
    if (length < audio::kMinSamples) {
      Skip(path, absl::StrCat("too short: ", length, " samples at 22,050 Hz; at least ", audio::kMinSamples,
                              " (0.1 s) are needed"));
      return absl::OkStatus();
    }
    const auto found = plan_.rows.find(path);
    const Annotations::Row* row = found == plan_.rows.end() ? nullptr : found->second;
    if (plan_.annotated && row == nullptr) ++index_.report.files_without_row;
    index_.clips.push_back({.path = path,
                            .track_id = TrackOf(path, row, plan_),
                            .offset_samples = writer_.samples(),
                            .length_samples = length,
                            .labels = row == nullptr ? std::vector<uint8_t>() : row->labels});
    return writer_.Append(waveform->samples);
  }

  void Skip(const std::string& path, std::string reason) {
    index_.report.skipped.push_back({path, std::move(reason)});
  }

  absl::Status NothingUsable() const {
    const IngestReport& report = index_.report;
    if (report.skipped.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("there is no audio file in ", options_.source_dir.string(),
                       "; looked for wav flac ogg oga opus mp3 aif aiff aifc caf au snd"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("none of the ", report.files_seen, " audio files in ", options_.source_dir.string(),
                     " can be used; the first, ", report.skipped[0].path, ": ", report.skipped[0].reason));
  }

  const IngestOptions& options_;
  const Plan& plan_;
  PcmWriter& writer_;
  CacheIndex index_;
};

}  // namespace

absl::StatusOr<IngestReport> Ingest(const IngestOptions& options, const base::CancelToken& cancel,
                                    const std::function<void(const IngestProgress&)>& on_progress) {
  CacheFolder folder(options.cache_dir);
  TIMBRE_RETURN_IF_ERROR(folder.Begin());
  TIMBRE_ASSIGN_OR_RETURN(const Plan plan, MakePlan(options));
  TIMBRE_ASSIGN_OR_RETURN(const std::unique_ptr<PcmWriter> writer, PcmWriter::Create(folder.pcm_file()));
  Decoding decoding(options, plan, *writer);
  TIMBRE_RETURN_IF_ERROR(decoding.Run(cancel, on_progress));
  TIMBRE_ASSIGN_OR_RETURN(const CacheIndex index, decoding.Finish());
  TIMBRE_RETURN_IF_ERROR(folder.Commit(index));
  return index.report;
}

}  // namespace timbre::dataset
