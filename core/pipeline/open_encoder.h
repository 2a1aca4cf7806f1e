#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/engine/encoder.h"
#include "core/registry/model_store.h"

namespace timbre::pipeline {

// How an encoder that is to be judged computes, always in fp32: by LibTorch, or on the CPU by Timbre's engine
// with direct products, which round as LibTorch's do and take a quarter of its time. The raw embeddings of an
// untrained encoder differ by about 1e-5 only, which bf16 cannot tell apart and Winograd's transforms blur.
struct EncoderOptions {
  std::string device = "auto";  // auto | cpu | cuda:N
  std::string engine = "auto";  // torch | timbre | auto: timbre where it can and is the faster
  int threads = 1;              // of Timbre's engine
  int64_t max_batch = 16;       // LibTorch's: more windows are encoded in pieces
};

// The encoder of a published version up to a layer ("encoder", "projector.1", ...; empty: the one that the
// version serves). Errors: kInvalidArgument a layer that it does not have, an engine that does not compute it
// there · as ModelStore::ReadWeights and the engines.
absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenEncoder(const registry::ModelStore& models,
                                                             const registry::Version& version,
                                                             const std::string& layer,
                                                             const EncoderOptions& options);

// The same network with fresh, seeded weights: the baseline.
absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenUntrainedEncoder(const registry::ModelStore& models,
                                                                      const registry::Version& version,
                                                                      const std::string& layer, uint64_t seed,
                                                                      const EncoderOptions& options);

}  // namespace timbre::pipeline
