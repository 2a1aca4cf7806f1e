#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/weights/tensor_file.h"

// Torch-free header.
namespace timbre::probe {

// Clip embeddings with labels: the input of a probe.
struct LabeledEmbeddings {
  int64_t count = 0;
  int64_t dim = 0;
  std::vector<float> embeddings;       // [count, dim]
  std::vector<uint8_t> labels;         // [count, tags]
  std::vector<std::string> track_ids;  // [count]; the validation split goes by track
};

struct ProbeConfig {
  double learning_rate = 1e-3;  // Adam
  int64_t batch_size = 256;
  int64_t max_epochs = 500;
  int64_t patience_epochs = 20;    // early stop after so many epochs without a better validation mAP
  double validation_ratio = 0.15;  // of the train tracks
  uint64_t seed = 42;
};

enum class Features { kRaw, kStandardized };

// One label's result on the test split. NaN where not defined.
struct TagResult {
  std::string tag;
  int64_t train_positives = 0;
  int64_t test_positives = 0;
  double average_precision = 0;  // NaN without positives in test
  double roc_auc = 0;            // NaN unless both classes are in test
  bool counted = false;          // both classes are in test, so it is part of the means
};

struct ProbeResult {
  std::vector<TagResult> tags;        // the header's order
  double mean_average_precision = 0;  // over the counted tags
  double mean_roc_auc = 0;
  Features features = Features::kRaw;  // the better on validation
  double validation_map_raw = 0;       // NaN where no tag has both classes in validation
  double validation_map_standardized = 0;
  int64_t epochs = 0;  // that the chosen head was trained: its best one
  int64_t train_clips = 0, validation_clips = 0, test_clips = 0;
  // The head, with the standardisation folded in: logits = embeddings . weight^T + bias. "weight" [tags,
  // dim], "bias" [tags].
  weights::TensorMap head;
};

// Trains a linear head on frozen embeddings: BCE, Adam, early stopping on a validation part cut from `train`
// by track, never on test; with raw features and with features standardised by the fit part, and keeps the
// better on validation. Better is a higher mAP over the tags with both classes in validation; where it is
// equal, or there is no such tag, a lower validation loss (BCE). The best epoch's weights are kept. The
// scores of test are those of the head as it is returned, as float32 logits. Deterministic for a seed and a
// number of threads. `on_epoch(done, total)` counts both fits, total = 2 max_epochs; a fit that stops early
// skips ahead. May be empty. Errors: kInvalidArgument config or shapes · kFailedPrecondition no labels, fewer
// than 2 train tracks, no tag
//   with both classes in test · the token's status · kInternal LibTorch. Threads: safe.
absl::StatusOr<ProbeResult> RunLinearProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                           const std::vector<std::string>& tags, const ProbeConfig& config,
                                           const base::CancelToken& cancel,
                                           const std::function<void(int64_t, int64_t)>& on_epoch);

// Errors: kInvalidArgument, the message names field, value and range.
absl::Status ValidateProbeConfig(const ProbeConfig& config);

}  // namespace timbre::probe
