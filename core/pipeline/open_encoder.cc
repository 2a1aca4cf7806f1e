#include "core/pipeline/open_encoder.h"

#include "core/base/status_macros.h"

namespace timbre::pipeline {
namespace {

void Complete(const registry::Version& version, const std::string& layer,
              engine::TorchEncoderOptions& options) {
  options.architecture = version.card.architecture;
  options.embedding_layer = layer.empty() ? version.card.embedding_layer : layer;
}

}  // namespace

absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenEncoder(const registry::ModelStore& models,
                                                             const registry::Version& version,
                                                             const std::string& layer,
                                                             engine::TorchEncoderOptions options) {
  Complete(version, layer, options);
  TIMBRE_ASSIGN_OR_RETURN(const registry::VersionWeights weights,
                          models.ReadWeights(version.model, version.version, options.embedding_layer));
  return engine::MakeTorchEncoder(weights.encoder, options, weights.projector);
}

absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenUntrainedEncoder(const registry::ModelStore& models,
                                                                      const registry::Version& version,
                                                                      const std::string& layer, uint64_t seed,
                                                                      engine::TorchEncoderOptions options) {
  Complete(version, layer, options);
  TIMBRE_ASSIGN_OR_RETURN(const registry::VersionWeights weights,
                          models.ReadWeights(version.model, version.version, options.embedding_layer));
  return engine::MakeUntrainedTorchEncoder(seed, options, weights.projector);
}

}  // namespace timbre::pipeline
