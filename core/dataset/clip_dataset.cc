#include "core/dataset/clip_dataset.h"

#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/dataset/cache_index.h"

namespace timbre::dataset {
namespace {

// Starts reading the pages of a range, which random access would otherwise fetch one by one.
void Prefetch(std::span<const int16_t> range) {
  static const auto kPageBytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  const uintptr_t before = begin % kPageBytes;  // of the first page
  auto* first_page = reinterpret_cast<char*>(const_cast<int16_t*>(range.data())) - before;
  ::madvise(first_page, before + range.size_bytes(), MADV_WILLNEED);
}

// Whether each clip is a record of its segment: the digest does not cover where it lies.
absl::Status CheckPlaces(const std::vector<Clip>& clips,
                         const std::vector<std::unique_ptr<const MappedSegment>>& segments) {
  std::map<std::pair<int64_t, int64_t>, const BlobRecord*> places;
  for (size_t i = 0; i < segments.size(); ++i) {
    int64_t offset = 0;
    for (const BlobRecord& record : segments[i]->records()) {
      places[{static_cast<int64_t>(i), offset}] = &record;
      offset += record.length_samples;
    }
  }
  for (const Clip& clip : clips) {
    const auto found = places.find({clip.segment, clip.offset_samples});
    if (found == places.end() || found->second->length_samples != clip.length_samples ||
        found->second->pcm_sha256 != clip.pcm_sha256) {
      return absl::DataLossError(
          absl::StrCat("the segment of clip ", clip.path, " does not hold it: ingest the data set again"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ClipDataset::Map(const std::filesystem::path& segment_file) {
  absl::StatusOr<std::unique_ptr<const MappedSegment>> segment = MappedSegment::Open(segment_file);
  if (absl::IsNotFound(segment.status())) {
    return absl::DataLossError(absl::StrCat(segment_file.string(), " is missing: ingest the data set again"));
  }
  TIMBRE_RETURN_IF_ERROR(segment.status());
  segments_.push_back(*std::move(segment));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ClipDataset>> ClipDataset::Open(const std::filesystem::path& cache_dir) {
  const absl::StatusOr<std::string> json = base::ReadFile(cache_dir / kIndexFile);
  if (absl::IsNotFound(json.status())) {
    return absl::NotFoundError(absl::StrCat(cache_dir.string(), " is no data set: it has no ", kIndexFile));
  }
  TIMBRE_RETURN_IF_ERROR(json.status());
  absl::StatusOr<CacheIndex> index = IndexFromJson(*json);
  if (!index.ok()) {
    return absl::Status(index.status().code(),
                        absl::StrCat(cache_dir.string(), ": ", index.status().message()));
  }
  std::shared_ptr<ClipDataset> dataset(new ClipDataset());
  for (const SegmentUse& segment : index->segments)
    TIMBRE_RETURN_IF_ERROR(dataset->Map(cache_dir / SegmentFile(segment.name)));
  if (const absl::Status status = CheckPlaces(index->clips, dataset->segments_); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(cache_dir.string(), ": ", status.message()));
  }
  dataset->digest_ = DatasetDigest(*index);
  dataset->clips_ = std::move(index->clips);
  dataset->tags_ = std::move(index->tags);
  dataset->report_ = std::move(index->report);
  return std::shared_ptr<const ClipDataset>(std::move(dataset));
}

std::span<const int16_t> ClipDataset::samples(const Clip& clip) const {
  return segments_[static_cast<size_t>(clip.segment)]->samples().subspan(
      static_cast<size_t>(clip.offset_samples), static_cast<size_t>(clip.length_samples));
}

void ClipDataset::ReadFloat(const Clip& clip, int64_t begin, std::span<float> out) const {
  const std::span<const int16_t> range = samples(clip).subspan(static_cast<size_t>(begin), out.size());
  Prefetch(range);
  for (size_t i = 0; i < range.size(); ++i) out[i] = static_cast<float>(range[i]) / 32768.0F;
}

}  // namespace timbre::dataset
