#include "core/probe/probe_config.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::probe {
namespace {

absl::Status Refuse(const char* name, double value, const char* allowed) {
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; allowed is ", allowed));
}

struct CountRange {
  const char* name;
  int64_t value, low, high;
};

absl::Status CheckCounts(const ProbeConfig& config) {
  const CountRange ranges[] = {
      {"batch_size", config.batch_size, 1, 1'000'000},
      {"max_epochs", config.max_epochs, 1, 1'000'000},
      {"patience_epochs", config.patience_epochs, 1, 1'000'000},
      {"hidden_unit_count", config.mlp.value_or(MlpConfig()).hidden_units, 1, 8192},
      {"bootstrap.resample_count", config.bootstrap.resamples, 0, 10'000},
      {"knn_neighbor_count", config.baselines.knn_neighbors, 1, 1000},
      {"map_point_limit", config.map_points, 0, 5000},
  };
  for (const CountRange& range : ranges) {
    if (range.value < range.low || range.value > range.high) {
      return absl::InvalidArgumentError(
          absl::StrCat(range.name, " is ", range.value, "; allowed is ", range.low, " to ", range.high));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFractions(const std::vector<double>& fractions) {
  if (fractions.size() > 16) {
    return absl::InvalidArgumentError(
        absl::StrCat("label_fractions has ", fractions.size(), " values; at most 16 are allowed"));
  }
  std::set<double> seen;
  for (const double fraction : fractions) {
    if (!(fraction > 0 && fraction <= 1)) return Refuse("label_fractions", fraction, "(0, 1]");
    if (!seen.insert(fraction).second) return Refuse("label_fractions", fraction, "each value once");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateProbeConfig(const ProbeConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckCounts(config));
  if (!(config.learning_rate > 0 && config.learning_rate <= 1)) {
    return Refuse("learning_rate", config.learning_rate, "(0, 1]");
  }
  if (!(config.validation_ratio > 0 && config.validation_ratio < 1)) {
    return Refuse("validation_ratio", config.validation_ratio, "(0, 1)");
  }
  if (!(config.l2_strength >= 0 && config.l2_strength <= 1000)) {
    return Refuse("l2_strength", config.l2_strength, "[0, 1000]");
  }
  const double dropout = config.mlp.value_or(MlpConfig()).dropout;
  if (!(dropout >= 0 && dropout <= 0.9)) return Refuse("dropout", dropout, "[0, 0.9]");
  if (dropout > 0 && config.optimizer == Optimizer::kLbfgs) {
    return Refuse("dropout", dropout, "0 with L-BFGS, whose line search needs the same loss twice; use Adam");
  }
  if (!(config.bootstrap.confidence >= 0.5 && config.bootstrap.confidence <= 0.999)) {
    return Refuse("bootstrap.confidence", config.bootstrap.confidence, "[0.5, 0.999]");
  }
  return CheckFractions(config.label_fractions);
}

}  // namespace timbre::probe
