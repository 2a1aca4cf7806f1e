#include "client/cli/preset_batch.h"

#include "absl/strings/str_cat.h"

namespace timbre::cli {

std::string FitBatch(const v1::Dataset& dataset, v1::TrainingConfig& config) {
  constexpr int64_t kFewest = 2;
  const bool clips = config.batch_unit() == v1::BATCH_UNIT_CLIP;
  const int64_t there = clips ? dataset.clip_count() : dataset.track_count();
  if (there < kFewest || config.batch_tracks() <= there) return "";
  std::string text =
      absl::StrCat(dataset.name(), " has ", there, clips ? " clips" : " tracks", ": a batch takes ", there,
                   " instead of the preset's ", config.batch_tracks(),
                   ", so each sees fewer negatives (--batch chooses another size)");
  config.set_batch_tracks(static_cast<int32_t>(there));
  return text;
}

}  // namespace timbre::cli
