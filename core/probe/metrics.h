#pragma once

#include <cstdint>
#include <span>

namespace timbre::probe {

// Average precision without interpolation, as scikit-learn's average_precision_score: exactly equal scores form one threshold.
// No positives: 0. Shapes: [n] each. Requires finite scores.
double AveragePrecision(std::span<const uint8_t> labels, std::span<const float> scores);

// Area under the ROC curve, as roc_auc_score: (wins + ties / 2) / (positives * negatives). NaN unless both classes are there.
double RocAuc(std::span<const uint8_t> labels, std::span<const float> scores);

}  // namespace timbre::probe
