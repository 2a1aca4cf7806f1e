#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/probe/probe_config.h"
#include "core/weights/tensor_file.h"

// Torch-free.
namespace timbre::probe {

inline constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();

// NaN where there is no bootstrap, or nothing to resample.
struct Interval {
  double low = kNotDefined;
  double high = kNotDefined;
};

// One label's result on the test split. NaN where not defined.
struct TagResult {
  std::string tag;
  int64_t train_positives = 0;
  int64_t test_positives = 0;
  double prevalence = 0;         // share of the test clips
  double average_precision = 0;  // NaN without positives in test
  double roc_auc = 0;            // NaN unless both classes are in test
  bool counted = false;          // both classes are in test, so it is part of the means
  float threshold = 0.5F;        // of the probability: the best F1 on validation
  double validation_f1 = 0;      // at the threshold; NaN without positives in validation
  double f1 = 0;                 // of test, at the threshold; NaN without positives in test
  Interval average_precision_interval = {};
  Interval roc_auc_interval = {};
};

// mAP on validation with each kind of features; NaN where not tried, or no tag has both classes there.
struct ValidationMaps {
  double raw = kNotDefined;
  double l2_normalized = kNotDefined;
  double standardized = kNotDefined;

  double& Of(Features kind) {
    if (kind == Features::kL2Normalized) return l2_normalized;
    return kind == Features::kStandardized ? standardized : raw;
  }
};

// What a classifier of embeddings is worth.
struct ProbeResult {
  std::vector<TagResult> tags;        // the header's order
  double mean_average_precision = 0;  // over the counted tags
  double mean_roc_auc = 0;
  Interval mean_average_precision_interval;
  Interval mean_roc_auc_interval;
  Features features = Features::kRaw;  // as configured, or the better on validation
  ValidationMaps validation_map;
  int64_t epochs = 0;  // that the chosen head was trained: Adam's best epoch, L-BFGS's iterations
  int64_t train_clips = 0, validation_clips = 0, test_clips = 0;
  // The tensors of a weights::TagHead that takes raw embeddings: L2 norm or standardisation are part of it.
  // Empty for kNN.
  weights::TensorMap head;
};

}  // namespace timbre::probe
