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
  std::vector<float> embeddings;        // [count, dim]
  std::vector<uint8_t> labels;          // [count, tags]
  std::vector<std::string> track_ids;   // [count]; the validation split goes by track
};

struct ProbeConfig {
  double learning_rate = 1e-3;          // Adam
  int64_t batch_size = 256;
  int64_t max_epochs = 500;
  int64_t patience_epochs = 20;         // early stop on validation mAP
  double validation_ratio = 0.15;       // of the train tracks
  uint64_t seed = 42;
};

enum class Features { kRaw, kStandardized };

// One label's result on the test split. NaN where not defined.
struct TagResult {
  std::string tag;
  int64_t train_positives = 0;
  int64_t test_positives = 0;
  double average_precision = 0;
  double roc_auc = 0;
  bool counted = false;                 // both classes are in test, so it is part of the means
};

struct ProbeResult {
  std::vector<TagResult> tags;          // the header's order
  double mean_average_precision = 0;    // over the counted tags
  double mean_roc_auc = 0;
  Features features = Features::kRaw;   // the better on validation
  double validation_map_raw = 0;
  double validation_map_standardized = 0;
  int64_t epochs = 0;                   // of the chosen head
  int64_t train_clips = 0, validation_clips = 0, test_clips = 0;
  // The head, with the standardisation folded in: logits = embeddings . weight^T + bias. "weight" [tags, dim], "bias" [tags].
  weights::TensorMap head;
};

// Trains a linear head on frozen embeddings: BCE, Adam, early stopping on a validation part cut from `train` by track, never
// on test; with raw and with standardised features, and keeps the better on validation. Deterministic for a seed.
// `on_epoch(epoch, max_epochs)` may be empty.
// Errors: kInvalidArgument config or shapes · kFailedPrecondition no labels, fewer than 2 train tracks, no tag with both classes in test ·
//   the token's status.
absl::StatusOr<ProbeResult> RunLinearProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                           const std::vector<std::string>& tags, const ProbeConfig& config,
                                           const base::CancelToken& cancel,
                                           const std::function<void(int64_t, int64_t)>& on_epoch);

absl::Status ValidateProbeConfig(const ProbeConfig& config);

}  // namespace timbre::probe
