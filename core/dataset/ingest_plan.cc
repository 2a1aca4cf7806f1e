#include "core/dataset/ingest_plan.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dataset/utf8.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::shared_ptr<const RE2>> CompilePattern(const std::string& pattern) {
  if (pattern.empty()) return std::shared_ptr<const RE2>();
  auto compiled = std::make_shared<RE2>(pattern, RE2::Quiet);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("track_id_pattern '", Printable(pattern),
                     "' is no regular expression (RE2 syntax): ", Printable(compiled->error())));
  }
  if (compiled->NumberOfCapturingGroups() >= 1) return std::shared_ptr<const RE2>(std::move(compiled));
  return absl::InvalidArgumentError(absl::StrCat("track_id_pattern '", Printable(pattern),
                                                 "' has no group; put what names the track in parentheses"));
}

int64_t BytesOf(const std::vector<std::string>& paths, const fs::path& folder) {
  int64_t bytes = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    const auto size = fs::file_size(folder / path, error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace

absl::StatusOr<IngestPlan> MakeIngestPlan(const fs::path& source_dir, const std::string& track_id_pattern) {
  IngestPlan plan;
  TIMBRE_ASSIGN_OR_RETURN(plan.track_pattern, CompilePattern(track_id_pattern));
  TIMBRE_ASSIGN_OR_RETURN(plan.scan, ScanForAudio(source_dir));
  plan.bytes = BytesOf(plan.scan.paths, source_dir);
  const fs::path csv = source_dir / "annotations.csv";
  std::error_code error;
  plan.annotated = fs::exists(fs::symlink_status(csv, error));
  if (!plan.annotated) return plan;
  if (!LiesInside(csv, source_dir) || !fs::is_regular_file(csv, error)) {
    return absl::InvalidArgumentError(
        "annotations.csv must be a regular file inside of the data set's folder");
  }
  TIMBRE_ASSIGN_OR_RETURN(plan.annotations, ReadAnnotations(csv));
  for (const Annotations::Row& row : plan.annotations.rows) plan.rows[NormalizedPath(row.path)] = &row;
  return plan;
}

int64_t CountRowsWithoutFile(const IngestPlan& plan) {
  std::set<std::string> seen(plan.scan.paths.begin(), plan.scan.paths.end());
  for (const SkippedFile& file : plan.scan.skipped) seen.insert(file.path);
  return std::count_if(plan.rows.begin(), plan.rows.end(),
                       [&seen](const auto& row) { return seen.count(row.first) == 0; });
}

std::string TrackOf(const std::string& path, const Annotations::Row* row, const IngestPlan& plan) {
  if (row != nullptr && !row->track_id.empty()) return row->track_id;
  std::string track;
  if (!plan.annotations.has_track_ids && plan.track_pattern != nullptr &&
      RE2::PartialMatch(path, *plan.track_pattern, &track) && !track.empty()) {
    return track;
  }
  return path;
}

}  // namespace timbre::dataset
