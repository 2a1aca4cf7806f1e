#include "core/probe/evaluation.h"

#include <span>

#include "core/base/status_macros.h"
#include "core/probe/bootstrap.h"
#include "core/probe/metrics.h"
#include "core/probe/thresholds.h"

namespace timbre::probe {
namespace {

// The values of one tag out of [tags, count].
template <typename T>
std::span<const T> OfTag(const std::vector<T>& by_tag, size_t tag, int64_t count) {
  return std::span(by_tag).subspan(tag * static_cast<size_t>(count), static_cast<size_t>(count));
}

void Average(ProbeResult& result) {
  int64_t counted = 0;
  for (const TagResult& tag : result.tags) {
    if (!tag.counted) continue;
    result.mean_average_precision += tag.average_precision;
    result.mean_roc_auc += tag.roc_auc;
    ++counted;
  }
  result.mean_average_precision /= static_cast<double>(counted);
  result.mean_roc_auc /= static_cast<double>(counted);
}

void TakeIntervals(const BootstrapIntervals& intervals, ProbeResult& result) {
  result.mean_average_precision_interval = intervals.mean_average_precision;
  result.mean_roc_auc_interval = intervals.mean_roc_auc;
  for (size_t tag = 0; tag < result.tags.size(); ++tag) {
    result.tags[tag].average_precision_interval = intervals.average_precision[tag];
    result.tags[tag].roc_auc_interval = intervals.roc_auc[tag];
  }
}

}  // namespace

absl::Status Evaluate(const EvaluationInput& input, const ProbeConfig& config,
                      const base::CancelToken& cancel, ProbeResult& result) {
  const int64_t count = input.test.count;
  const std::vector<int64_t> train_positives = CountPositives(input.train, input.tags.size());
  const std::vector<int64_t> test_positives = CountPositives(input.test, input.tags.size());
  const std::vector<uint8_t> validation_labels = LabelsByTag(input.validation);
  const std::vector<uint8_t> test_labels = LabelsByTag(input.test);
  for (size_t tag = 0; tag < input.tags.size(); ++tag) {
    const auto labels = OfTag(test_labels, tag, count);
    const auto scores = OfTag(input.test_scores.ranking, tag, count);
    const Threshold threshold =
        ChooseThreshold(OfTag(validation_labels, tag, input.validation.count),
                        OfTag(input.validation_scores.probabilities, tag, input.validation.count));
    TagResult& entry = result.tags.emplace_back();
    entry.tag = input.tags[tag];
    entry.train_positives = train_positives[tag];
    entry.test_positives = test_positives[tag];
    entry.prevalence = static_cast<double>(entry.test_positives) / static_cast<double>(count);
    entry.counted = entry.test_positives > 0 && entry.test_positives < count;
    entry.average_precision = entry.test_positives > 0 ? AveragePrecision(labels, scores) : kNotDefined;
    entry.roc_auc = RocAuc(labels, scores);
    entry.threshold = threshold.value;
    entry.validation_f1 = threshold.f1;
    entry.f1 = F1At(labels, OfTag(input.test_scores.probabilities, tag, count), threshold.value);
  }
  Average(result);
  if (config.bootstrap.resamples == 0) return absl::OkStatus();
  TIMBRE_ASSIGN_OR_RETURN(
      const BootstrapIntervals intervals,
      Bootstrap({test_labels, input.test_scores.ranking, input.test.track_ids, config.seed}, config.bootstrap,
                cancel));
  TakeIntervals(intervals, result);
  return absl::OkStatus();
}

}  // namespace timbre::probe
