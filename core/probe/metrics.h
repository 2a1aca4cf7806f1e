#pragma once

#include <cstdint>
#include <optional>
#include <span>

// Torch-free. Threads: safe (pure functions).
namespace timbre::probe {

// Average precision without interpolation, as scikit-learn's average_precision_score: exactly equal scores
// form one threshold. Of logits, not of probabilities: a saturated sigmoid makes ties that logits do not
// have. No positives: 0; no negatives: 1. Shapes: [n] each, labels 0 or 1. Requires finite scores.
double AveragePrecision(std::span<const uint8_t> labels, std::span<const float> scores);

// Area under the ROC curve, as roc_auc_score: (wins + ties / 2) / (positives * negatives). NaN unless both
// classes are there.
double RocAuc(std::span<const uint8_t> labels, std::span<const float> scores);

// Mean average precision over the tags with both classes; nothing where there is none. Shapes: [tags, count].
std::optional<double> MeanAveragePrecision(std::span<const uint8_t> labels_by_tag,
                                           std::span<const float> scores_by_tag, size_t count);

}  // namespace timbre::probe
