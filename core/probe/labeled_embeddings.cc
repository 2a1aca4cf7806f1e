#include "core/probe/labeled_embeddings.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/probe/track_split.h"

namespace timbre::probe {
namespace {

absl::Status CheckSet(const LabeledEmbeddings& set, size_t tags, const char* name) {
  const auto count = static_cast<size_t>(set.count);
  if (set.count < 1 || set.dim < 1) {
    return absl::InvalidArgumentError(absl::StrCat("the probe's ", name, " set has ", set.count, " clips of ",
                                                   set.dim, " dimensions; at least 1 of each is needed"));
  }
  if (set.embeddings.size() != count * static_cast<size_t>(set.dim) || set.labels.size() != count * tags ||
      set.track_ids.size() != count) {
    return absl::InvalidArgumentError(
        absl::StrCat("the probe's ", name, " set does not fit together: ", count, " clips, ", set.dim,
                     " dimensions, ", tags, " tags, but ", set.embeddings.size(), " embedding values, ",
                     set.labels.size(), " labels and ", set.track_ids.size(), " track ids"));
  }
  for (const float value : set.embeddings) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("an embedding of the probe's ", name, " set is not finite"));
    }
  }
  for (const uint8_t label : set.labels) {
    if (label > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("a label of the probe's ", name, " set is ", label, "; allowed are 0 and 1"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProbeInput(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                             const std::vector<std::string>& tags) {
  if (tags.empty() || train.count == 0 || test.count == 0) {
    return absl::FailedPreconditionError(
        "without labels nothing can be probed: it needs labelled clips in train and test: give both data "
        "sets an annotations.csv with one 0/1 column per tag and a row per file");
  }
  TIMBRE_RETURN_IF_ERROR(CheckSet(train, tags.size(), "train"));
  TIMBRE_RETURN_IF_ERROR(CheckSet(test, tags.size(), "test"));
  if (train.dim != test.dim) {
    return absl::InvalidArgumentError(absl::StrCat("the probe's train embeddings have ", train.dim,
                                                   " dimensions, its test embeddings ", test.dim));
  }
  for (const int64_t positives : CountPositives(test, tags.size())) {
    if (positives > 0 && positives < test.count) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("none of the ", tags.size(), " tags has both classes in the ", test.count,
                   " test clips, so nothing can be measured; use a larger or more varied test set"));
}

LabeledEmbeddings SelectClips(const LabeledEmbeddings& set, const std::vector<size_t>& rows) {
  const auto dim = static_cast<size_t>(set.dim);
  const size_t tags = set.labels.size() / static_cast<size_t>(set.count);
  LabeledEmbeddings selected;
  selected.count = static_cast<int64_t>(rows.size());
  selected.dim = set.dim;
  selected.embeddings.reserve(rows.size() * dim);
  selected.labels.reserve(rows.size() * tags);
  for (const size_t row : rows) {
    const float* x = set.embeddings.data() + row * dim;
    const uint8_t* y = set.labels.data() + row * tags;
    selected.embeddings.insert(selected.embeddings.end(), x, x + dim);
    selected.labels.insert(selected.labels.end(), y, y + tags);
    selected.track_ids.push_back(set.track_ids[row]);
    if (!set.paths.empty()) selected.paths.push_back(set.paths[row]);
  }
  return selected;
}

std::vector<int64_t> CountPositives(const LabeledEmbeddings& set, size_t tags) {
  std::vector<int64_t> positives(tags, 0);
  for (size_t i = 0; i < set.labels.size(); ++i) positives[i % tags] += set.labels[i];
  return positives;
}

std::vector<uint8_t> LabelsByTag(const LabeledEmbeddings& set) {
  const auto count = static_cast<size_t>(set.count);
  const size_t tags = set.labels.size() / count;
  std::vector<uint8_t> by_tag(set.labels.size());
  for (size_t i = 0; i < count; ++i) {
    for (size_t tag = 0; tag < tags; ++tag) by_tag[tag * count + i] = set.labels[i * tags + tag];
  }
  return by_tag;
}

absl::StatusOr<FitAndValidation> CutValidation(const LabeledEmbeddings& train, double validation_ratio,
                                               uint64_t seed) {
  TIMBRE_ASSIGN_OR_RETURN(const TrackSplit split, SplitByTrack(train.track_ids, validation_ratio, seed));
  return FitAndValidation{SelectClips(train, split.fit), SelectClips(train, split.validation)};
}

}  // namespace timbre::probe
