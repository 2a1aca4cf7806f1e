#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "core/dataset/batch.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

// Where one view is cut: a clip, and the first sample of the crop in it.
struct Crop {
  int64_t clip = 0;  // index into ClipDataset::clips()
  int64_t begin_samples = 0;
};

// Says which crops make up the batch of step k. Each epoch is a shuffle of all tracks (key: seed, epoch); a
// batch takes the next `batch_tracks` tracks, so no track is twice in a batch and none is its own negative;
// the tracks left over at an epoch's end are dropped (the next epoch shuffles anew). Of each track, each view
// is one crop of `crop_samples` at a uniformly drawn position of a clip drawn by its length; views may
// overlap. A clip shorter than the crop starts at 0 and is repeated.
// With the unit kClip all that is said of tracks goes for clips: every clip is an item of its own, and other
// clips of its track may be in the same batch (group tells).
// The answer depends on (seed, step) alone. Threads: safe.
class PairSampler {
 public:
  struct Options {
    uint64_t seed = 0;
    int64_t batch_tracks = 0;  // items in a batch
    int views = 2;
    int64_t crop_samples = 0;  // kWindowSamples
    BatchUnit unit = BatchUnit::kTrack;
  };

  // Errors: kFailedPrecondition fewer items than batch_tracks (the message has both numbers) ·
  //   kInvalidArgument batch_tracks, views or crop_samples below 1.
  static absl::StatusOr<PairSampler> Create(const ClipDataset& dataset, const Options& options);

  // The crops of step k >= 0: [batch_tracks][views].
  std::vector<std::vector<Crop>> Batch(int64_t step) const;

  int64_t steps_per_epoch() const { return items() / options_.batch_tracks; }
  int64_t items() const { return static_cast<int64_t>(items_.size()); }  // tracks, or clips
  int64_t group(int64_t clip) const { return group_of_clip_[clip]; }     // the track of a clip, from 0
  const Options& options() const { return options_; }

 private:
  struct Item {
    std::vector<int64_t> clips;
    std::vector<int64_t> cumulative_lengths;  // [clips]: samples of the clips up to and including this one
  };

  explicit PairSampler(const Options& options) : options_(options) {}
  std::vector<int64_t> ItemsOf(int64_t step) const;
  Crop DrawCrop(const Item& item, base::Random& random) const;

  Options options_;
  std::vector<int64_t> clip_lengths_;
  std::vector<int64_t> group_of_clip_;
  std::vector<Item> items_;
};

}  // namespace timbre::dataset
