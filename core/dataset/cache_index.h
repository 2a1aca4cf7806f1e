#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

// The file of a cache folder beside its segments.
inline constexpr char kIndexFile[] = "index.json";

// A segment that clips lie in.
struct SegmentUse {
  std::string name;
  int64_t samples = 0;
};

// What index.json holds beside the digest.
struct CacheIndex {
  std::vector<Clip> clips;
  std::vector<std::string> tags;
  std::vector<SegmentUse> segments;
  // Without files_decoded and files_cached: the index says what a data set is, not how it came to be.
  IngestReport report;
};

// ClipDataset::digest(). The samples enter through their hashes: they need not be read, and it does not
// matter where they lie.
std::string DatasetDigest(const CacheIndex& index);

// All texts must be UTF-8.
std::string IndexToJson(const CacheIndex& index);

// Errors: kDataLoss not written by IndexToJson, another format version, a clip outside of its segment,
//   a digest that does not fit.
absl::StatusOr<CacheIndex> IndexFromJson(const std::string& json);

}  // namespace timbre::dataset
