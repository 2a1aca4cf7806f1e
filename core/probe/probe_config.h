#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

// Torch-free.
namespace timbre::probe {

// What a head sees of an embedding: itself, divided by its L2 norm, or each dimension minus its mean and
// divided by its deviation over the fitted clips.
enum class Features { kRaw, kL2Normalized, kStandardized };

enum class Optimizer { kAdam, kLbfgs };

struct MlpConfig {
  int64_t hidden_units = 512;
  double dropout = 0;  // after them, while Adam fits
};

struct BootstrapConfig {
  int64_t resamples = 1000;  // 0: no intervals
  double confidence = 0.95;
};

// What is judged beside the trained encoder's head.
struct BaselineConfig {
  bool untrained = true;
  bool log_mel = true;
  bool knn = true;
  int64_t knn_neighbors = 20;
};

// Everything that changes the result of a probe.
struct ProbeConfig {
  double learning_rate = 1e-3;     // Adam
  int64_t batch_size = 256;        // Adam
  int64_t max_epochs = 500;        // of Adam, or iterations of L-BFGS
  int64_t patience_epochs = 20;    // Adam's early stop after so many epochs without a better validation mAP
  double validation_ratio = 0.15;  // of the train tracks
  uint64_t seed = 42;
  std::optional<MlpConfig> mlp = {};  // unset: a linear head
  Optimizer optimizer = Optimizer::kAdam;
  double l2_strength = 0;
  std::optional<Features> features = {};  // unset: the better of raw and standardised on validation
  BootstrapConfig bootstrap = {};
  std::vector<double> label_fractions = {};  // of the train tracks
  BaselineConfig baselines = {};
  int64_t map_points = 2000;  // 0: no map
  // Where the embedding is taken: "encoder", "projector.1", ... (weights/embedding_layer.h); empty: where the
  // version serves it.
  std::string embedding_layer = {};
};

// Errors: kInvalidArgument, the message names field, value and range.
absl::Status ValidateProbeConfig(const ProbeConfig& config);

}  // namespace timbre::probe
