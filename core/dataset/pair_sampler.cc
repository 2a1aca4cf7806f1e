#include "core/dataset/pair_sampler.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace timbre::dataset {
namespace {

// Name the random streams, so that no two uses of one seed share numbers.
constexpr uint64_t kShuffleStream = 0x73687566;  // "shuf"
constexpr uint64_t kCropStream = 0x63726f70;     // "crop"

absl::Status CheckPositive(const char* name, int64_t value) {
  if (value >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; it must be 1 or more"));
}

}  // namespace

absl::StatusOr<PairSampler> PairSampler::Create(const ClipDataset& dataset, const Options& options) {
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"batch_tracks", options.batch_tracks},
                                    {"views", options.views},
                                    {"crop_samples", options.crop_samples}}) {
    if (absl::Status status = CheckPositive(name, value); !status.ok()) return status;
  }
  PairSampler sampler(options);
  const bool by_track = options.unit == BatchUnit::kTrack;
  std::map<std::string, int64_t> group_of_track;
  for (const Clip& clip : dataset.clips()) {
    const int64_t group =
        group_of_track.emplace(clip.track_id, static_cast<int64_t>(group_of_track.size())).first->second;
    const auto number = static_cast<int64_t>(sampler.clip_lengths_.size());
    const auto place = static_cast<size_t>(by_track ? group : number);
    if (place == sampler.items_.size()) sampler.items_.emplace_back();
    Item& item = sampler.items_[place];
    const int64_t before = item.cumulative_lengths.empty() ? 0 : item.cumulative_lengths.back();
    item.clips.push_back(number);
    item.cumulative_lengths.push_back(before + clip.length_samples);
    sampler.clip_lengths_.push_back(clip.length_samples);
    sampler.group_of_clip_.push_back(group);
  }
  if (sampler.items() < options.batch_tracks) {
    const char* unit = by_track ? " tracks" : " clips";
    return absl::FailedPreconditionError(absl::StrCat("a batch of ", options.batch_tracks, unit,
                                                      " is larger than the data set's ", sampler.items(),
                                                      unit, "; choose a smaller batch or a larger data set"));
  }
  return sampler;
}

std::vector<int64_t> PairSampler::ItemsOf(int64_t step) const {
  const int64_t epoch = step / steps_per_epoch();
  const int64_t first = step % steps_per_epoch() * options_.batch_tracks;
  std::vector<int64_t> order(items_.size());
  std::iota(order.begin(), order.end(), 0);
  base::Random random({options_.seed, kShuffleStream, static_cast<uint64_t>(epoch)});
  // Fisher-Yates from the front: what comes after the batch need not be shuffled.
  for (int64_t i = 0; i < first + options_.batch_tracks; ++i) {
    std::swap(order[i], order[random.UniformInt(i, items() - 1)]);
  }
  return {order.begin() + first, order.begin() + first + options_.batch_tracks};
}

Crop PairSampler::DrawCrop(const Item& item, base::Random& random) const {
  const int64_t position = random.UniformInt(0, item.cumulative_lengths.back() - 1);
  const auto chosen =
      std::upper_bound(item.cumulative_lengths.begin(), item.cumulative_lengths.end(), position);
  const int64_t clip = item.clips[chosen - item.cumulative_lengths.begin()];
  const int64_t room = std::max<int64_t>(0, clip_lengths_[clip] - options_.crop_samples);
  return {.clip = clip, .begin_samples = random.UniformInt(0, room)};
}

std::vector<std::vector<Crop>> PairSampler::Batch(int64_t step) const {
  const std::vector<int64_t> items = ItemsOf(step);
  std::vector<std::vector<Crop>> batch(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    for (int view = 0; view < options_.views; ++view) {
      base::Random random(
          {options_.seed, kCropStream, static_cast<uint64_t>(step), i, static_cast<uint64_t>(view)});
      batch[i].push_back(DrawCrop(items_[items[i]], random));
    }
  }
  return batch;
}

}  // namespace timbre::dataset
