#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/engine/encoder.h"
#include "core/engine/torch_encoder.h"
#include "core/registry/model_store.h"

namespace timbre::pipeline {

// The encoder of a published version up to a layer ("encoder", "projector.1", ...; empty: the one that the
// version serves). Architecture and layer of `options` are set here.
// Errors: as ModelStore::ReadWeights and engine::MakeTorchEncoder.
absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenEncoder(const registry::ModelStore& models,
                                                             const registry::Version& version,
                                                             const std::string& layer,
                                                             engine::TorchEncoderOptions options);

// The same network with fresh, seeded weights, fp32: the baseline.
absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenUntrainedEncoder(const registry::ModelStore& models,
                                                                      const registry::Version& version,
                                                                      const std::string& layer, uint64_t seed,
                                                                      engine::TorchEncoderOptions options);

}  // namespace timbre::pipeline
