#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

// The files of a cache folder.
inline constexpr char kPcmFile[] = "pcm.s16";
inline constexpr char kIndexFile[] = "index.json";

// What index.json holds beside the digest.
struct CacheIndex {
  std::vector<Clip> clips;
  std::vector<std::string> tags;
  IngestReport report;
  int64_t pcm_samples = 0;  // in pcm.s16
  std::string pcm_sha256;   // of pcm.s16, hex
};

// ClipDataset::digest(). The samples enter through their own hash: it can be checked without reading them.
std::string DatasetDigest(const CacheIndex& index);

// All texts must be UTF-8.
std::string IndexToJson(const CacheIndex& index);

// Errors: kDataLoss not written by IndexToJson, another format version, a clip outside of the samples,
//   a digest that does not fit.
absl::StatusOr<CacheIndex> IndexFromJson(const std::string& json);

}  // namespace timbre::dataset
