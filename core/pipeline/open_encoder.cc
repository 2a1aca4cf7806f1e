#include "core/pipeline/open_encoder.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/cpu_engine.h"
#include "core/engine/torch_encoder.h"
#include "core/model/device.h"
#include "core/model/fresh_weights.h"

namespace timbre::pipeline {
namespace {

constexpr char kPrecision[] = "fp32";

// What is opened: of whose weights, and up to which layer.
struct Network {
  std::string architecture;
  std::string layer;
  registry::VersionWeights weights;
};

absl::StatusOr<Network> Read(const registry::ModelStore& models, const registry::Version& version,
                             const std::string& layer) {
  Network network;
  network.architecture = version.card.architecture;
  network.layer = layer.empty() ? version.card.embedding_layer : layer;
  TIMBRE_ASSIGN_OR_RETURN(network.weights, models.ReadWeights(version.model, version.version, network.layer));
  return network;
}

absl::StatusOr<bool> TakesTimbre(const Network& network, const EncoderOptions& options) {
  if (options.engine == "torch") return false;
  TIMBRE_ASSIGN_OR_RETURN(const model::Device device, model::ChooseDevice(options.device));
  const bool can = !device.cuda && engine::CpuEngine::Encodes(network.architecture, network.layer);
  if (options.engine == "auto") return can && engine::CpuEngine::PaysHere(kPrecision);
  if (can) return true;
  return absl::InvalidArgumentError(absl::StrCat(
      "train_engine is \"timbre\", which encodes by sample_cnn up to its layer encoder on a CPU; "
      "this is ",
      network.architecture, " up to ", network.layer, " on ", device.name(), "; set auto or torch"));
}

absl::StatusOr<std::shared_ptr<engine::Encoder>> Open(const Network& network, const EncoderOptions& options) {
  TIMBRE_ASSIGN_OR_RETURN(const bool takes_timbre, TakesTimbre(network, options));
  if (takes_timbre) {
    TIMBRE_ASSIGN_OR_RETURN(
        const auto engine,
        engine::CpuEngine::Create({.precision = kPrecision, .threads = options.threads, .direct = true}));
    return engine->Load(network.weights.encoder);
  }
  engine::TorchEncoderOptions torch;
  torch.architecture = network.architecture;
  torch.device = options.device;
  torch.precision = kPrecision;
  torch.max_batch = options.max_batch;
  torch.embedding_layer = network.layer;
  return engine::MakeTorchEncoder(network.weights.encoder, torch, network.weights.projector);
}

}  // namespace

absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenEncoder(const registry::ModelStore& models,
                                                             const registry::Version& version,
                                                             const std::string& layer,
                                                             const EncoderOptions& options) {
  TIMBRE_ASSIGN_OR_RETURN(const Network network, Read(models, version, layer));
  return Open(network, options);
}

absl::StatusOr<std::shared_ptr<engine::Encoder>> OpenUntrainedEncoder(const registry::ModelStore& models,
                                                                      const registry::Version& version,
                                                                      const std::string& layer, uint64_t seed,
                                                                      const EncoderOptions& options) {
  TIMBRE_ASSIGN_OR_RETURN(Network network, Read(models, version, layer));
  TIMBRE_ASSIGN_OR_RETURN(network.weights.encoder, model::FreshEncoder(network.architecture, seed));
  if (!network.weights.projector.empty()) {
    TIMBRE_ASSIGN_OR_RETURN(network.weights.projector,
                            model::FreshProjector(network.weights.projector, seed + 1));
  }
  return Open(network, options);
}

}  // namespace timbre::pipeline
