#include "core/probe/linear_probe.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/probe/feature_scaler.h"
#include "core/probe/head_fit.h"
#include "core/probe/linear_head.h"
#include "core/probe/metrics.h"
#include "core/probe/track_split.h"

namespace timbre::probe {
namespace {

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();

absl::Status CheckShapes(const LabeledEmbeddings& set, size_t tags, const char* name) {
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

std::vector<int64_t> CountPositives(const LabeledEmbeddings& set, size_t tags) {
  std::vector<int64_t> positives(tags, 0);
  for (size_t i = 0; i < set.labels.size(); ++i) positives[i % tags] += set.labels[i];
  return positives;
}

absl::Status CheckInput(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                        const std::vector<std::string>& tags) {
  if (tags.empty() || train.count == 0 || test.count == 0) {
    return absl::FailedPreconditionError(
        "without labels nothing can be probed: it needs labelled clips in train and test: give both data "
        "sets an annotations.csv with one "
        "0/1 "
        "column per tag and a row per file");
  }
  TIMBRE_RETURN_IF_ERROR(CheckShapes(train, tags.size(), "train"));
  TIMBRE_RETURN_IF_ERROR(CheckShapes(test, tags.size(), "test"));
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

LabeledFeatures Select(const LabeledEmbeddings& set, const std::vector<size_t>& rows, size_t tags) {
  const auto dim = static_cast<size_t>(set.dim);
  LabeledFeatures selected;
  selected.features.reserve(rows.size() * dim);
  selected.labels.reserve(rows.size() * tags);
  for (const size_t row : rows) {
    const float* x = set.embeddings.data() + row * dim;
    const uint8_t* y = set.labels.data() + row * tags;
    selected.features.insert(selected.features.end(), x, x + dim);
    selected.labels.insert(selected.labels.end(), y, y + tags);
  }
  return selected;
}

// Judges the head on test: fills `tags` and the means of `result`.
void Evaluate(const LinearHead& head, const LabeledEmbeddings& train, const LabeledEmbeddings& test,
              const std::vector<std::string>& tags, ProbeResult& result) {
  const auto count = static_cast<size_t>(test.count);
  const std::vector<int64_t> train_positives = CountPositives(train, tags.size());
  const std::vector<int64_t> test_positives = CountPositives(test, tags.size());
  const std::vector<float> logits = head.LogitsByTag(test.embeddings);
  int64_t counted = 0;
  for (size_t tag = 0; tag < tags.size(); ++tag) {
    std::vector<uint8_t> labels(count);
    for (size_t i = 0; i < count; ++i) labels[i] = test.labels[i * tags.size() + tag];
    const auto scores = std::span(logits).subspan(tag * count, count);
    TagResult& entry = result.tags.emplace_back();
    entry.tag = tags[tag];
    entry.train_positives = train_positives[tag];
    entry.test_positives = test_positives[tag];
    entry.counted = entry.test_positives > 0 && entry.test_positives < test.count;
    entry.average_precision = entry.test_positives > 0 ? AveragePrecision(labels, scores) : kNotDefined;
    entry.roc_auc = RocAuc(labels, scores);
    if (!entry.counted) continue;
    result.mean_average_precision += entry.average_precision;
    result.mean_roc_auc += entry.roc_auc;
    ++counted;
  }
  result.mean_average_precision /= static_cast<double>(counted);
  result.mean_roc_auc /= static_cast<double>(counted);
}

weights::TensorMap ToTensors(const LinearHead& head) {
  weights::TensorMap tensors;
  tensors["weight"] = {{head.tags(), head.dim}, head.weight};
  tensors["bias"] = {{head.tags()}, head.bias};
  return tensors;
}

}  // namespace

absl::Status ValidateProbeConfig(const ProbeConfig& config) {
  if (!(config.learning_rate > 0 && config.learning_rate <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("learning_rate is ", config.learning_rate, "; allowed is (0, 1]"));
  }
  if (!(config.validation_ratio > 0 && config.validation_ratio < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("validation_ratio is ", config.validation_ratio, "; allowed is (0, 1)"));
  }
  const std::pair<const char*, int64_t> counts[] = {{"batch_size", config.batch_size},
                                                    {"max_epochs", config.max_epochs},
                                                    {"patience_epochs", config.patience_epochs}};
  for (const auto& [name, value] : counts) {
    if (value < 1 || value > 1'000'000) {
      return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; allowed is 1 to 1000000"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ProbeResult> RunLinearProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                           const std::vector<std::string>& tags, const ProbeConfig& config,
                                           const base::CancelToken& cancel,
                                           const std::function<void(int64_t, int64_t)>& on_epoch) {
  TIMBRE_RETURN_IF_ERROR(ValidateProbeConfig(config));
  TIMBRE_RETURN_IF_ERROR(CheckInput(train, test, tags));
  TIMBRE_ASSIGN_OR_RETURN(const TrackSplit split,
                          SplitByTrack(train.track_ids, config.validation_ratio, config.seed));
  LabeledFeatures fit = Select(train, split.fit, tags.size());
  LabeledFeatures validation = Select(train, split.validation, tags.size());
  const HeadFitInput input{fit, validation, train.dim, static_cast<int64_t>(tags.size())};
  const auto report = [&](int64_t done_before) {
    return [&, done_before](int64_t epoch) {
      if (on_epoch) on_epoch(done_before + epoch, 2 * config.max_epochs);
    };
  };

  TIMBRE_ASSIGN_OR_RETURN(const HeadFit raw, FitHead(input, config, cancel, report(0)));
  const FeatureScaler scaler = FeatureScaler::Fit(fit.features, train.dim);
  fit.features = scaler.Apply(fit.features);
  validation.features = scaler.Apply(validation.features);
  TIMBRE_ASSIGN_OR_RETURN(const HeadFit standardized,
                          FitHead(input, config, cancel, report(config.max_epochs)));

  const bool use_standardized = standardized.score.BetterThan(raw.score);
  ProbeResult result;
  result.features = use_standardized ? Features::kStandardized : Features::kRaw;
  result.validation_map_raw = raw.score.mean_average_precision.value_or(kNotDefined);
  result.validation_map_standardized = standardized.score.mean_average_precision.value_or(kNotDefined);
  result.epochs = use_standardized ? standardized.epochs : raw.epochs;
  result.train_clips = static_cast<int64_t>(split.fit.size());
  result.validation_clips = static_cast<int64_t>(split.validation.size());
  result.test_clips = test.count;
  const LinearHead head = use_standardized ? scaler.Fold(standardized.head) : raw.head;
  result.head = ToTensors(head);
  Evaluate(head, train, test, tags, result);
  return result;
}

}  // namespace timbre::probe
