#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/probe/probe_config.h"
#include "core/probe/probe_result.h"

// Torch-free.
namespace timbre::probe {

// What is scored again and again. Shapes: labels, scores [tags, count]; track_ids [count].
struct BootstrapInput {
  std::span<const uint8_t> labels;
  std::span<const float> scores;
  std::span<const std::string> track_ids;
  uint64_t seed = 0;
};

struct BootstrapIntervals {
  Interval mean_average_precision;
  Interval mean_roc_auc;
  std::vector<Interval> average_precision;  // [tags]; NaN for tags with one class
  std::vector<Interval> roc_auc;            // [tags]
};

// Percentile bootstrap (Efron & Tibshirani 1993, ch. 13): draws as many tracks as there are, with
// replacement, each with all its clips, and scores the drawn clips; the interval holds the middle
// `confidence` of the resamples. With one clip a track that is a bootstrap by clip. A tag that has one class
// only in a resample is left out of that resample. Resample r depends on (seed, r) alone, so that two
// classifiers of the same clips are scored on the same resamples. Errors: the token's status. Threads: safe.
absl::StatusOr<BootstrapIntervals> Bootstrap(const BootstrapInput& input, const BootstrapConfig& config,
                                             const base::CancelToken& cancel);

// Value at `quantile` of the sorted values, linear between neighbours, as numpy.percentile; NaN without any.
double Quantile(std::span<const double> sorted, double quantile);

}  // namespace timbre::probe
