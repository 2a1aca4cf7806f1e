#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace timbre::weights {

// How audio becomes the encoder's input. Part of the embedding space.
struct Preprocessing {
  int sample_rate_hz = 22050;
  int64_t window_samples = 59049;
  std::string mixdown = "mean";                        // channels to mono
  std::string tail = "right-aligned, short repeated";  // how the last window is cut
  bool operator==(const Preprocessing&) const = default;
};

// Where an imported version came from.
struct Origin {
  std::string file_name;           // as the client called it
  std::string sha256;              // of the file, hex
  std::string key_naming;          // what its keys were recognised as
  std::vector<std::string> notes;  // what was left out or changed
  bool operator==(const Origin&) const = default;
};

// Everything to know about a model version beside its weights. Kept as JSON.
struct ModelCard {
  std::string architecture = "sample_cnn";  // name in the encoder factory
  std::string embedding_layer = "encoder";  // where the embedding is taken: embedding_layer.h
  std::string normalization = "none";       // of the embedding: none or l2
  std::string pooling = "mean";             // of windows into a clip embedding
  int embedding_dim = 512;
  Preprocessing preprocessing;
  std::string weights_digest;    // DigestTensors of the encoder's tensors
  std::string projector_digest;  // of the projector's; empty without one
  std::string dataset;           // resource name of the data set, empty if imported
  std::string dataset_digest;
  std::string job;           // resource name of the training job
  std::string derived_from;  // resource name of the version whose weights these are; empty for most
  uint64_t seed = 0;
  int64_t steps = 0;
  std::string training_config;  // the job's TrainingConfig as text, for people
  std::string build;            // version of Timbre and LibTorch
  absl::Time create_time;
  std::optional<Origin> origin;  // of an imported version, which no job made
  bool operator==(const ModelCard&) const = default;
};

std::string ModelCardToJson(const ModelCard& card);
// Errors: kInvalidArgument.
absl::StatusOr<ModelCard> ModelCardFromJson(const std::string& json);

// The identity of the embedding space: a hash of weights (the projector's too, where the embedding is taken
// there), preprocessing, embedding layer, normalisation and pooling; not of device or precision. 32 hex
// digits. Embeddings may be compared only when their ids are equal.
std::string EmbeddingSpaceId(const ModelCard& card);

}  // namespace timbre::weights
