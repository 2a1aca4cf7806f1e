#include "core/train/branch.h"

#include <utility>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/train/ema.h"

namespace timbre::train {
namespace {

enum Stream : uint64_t { kEncoderWeights = 1, kProjectorWeights = 2 };

uint64_t SeedOf(uint64_t seed, Stream stream) { return base::Random({seed, stream}).Next(); }

model::ProjectorOptions ProjectorOptionsOf(const TrainingConfig& config, int64_t in_dim) {
  return {.in_dim = in_dim,
          .hidden_dim = config.projector_hidden_dim,
          .out_dim = config.projector_dim,
          .layers = config.projector_layers,
          .bias = config.projector_bias,
          .batch_norm = config.projector_batch_norm,
          .seed = SeedOf(config.seed, kProjectorWeights)};
}

}  // namespace

torch::Tensor Branch::Project(const torch::Tensor& windows) {
  std::vector<torch::Tensor> projections;
  for (int64_t view = 0; view < windows.size(0); ++view) {
    const torch::Tensor embeddings =
        engine ? engine->Forward(*encoder, windows[view]) : encoder->forward(windows[view]);
    projections.push_back(projector->forward(embeddings).to(torch::kFloat));
  }
  return torch::stack(projections);
}

std::vector<torch::Tensor> Branch::parameters() const {
  std::vector<torch::Tensor> all = encoder->parameters();
  for (torch::Tensor& parameter : projector->parameters()) all.push_back(std::move(parameter));
  return all;
}

void Branch::Save(torch::serialize::OutputArchive& archive, const std::string& prefix) const {
  SavePart(archive, prefix + "encoder", *encoder);
  SavePart(archive, prefix + "projector", *projector);
}

void Branch::Load(torch::serialize::InputArchive& archive, const std::string& prefix) {
  LoadPart(archive, prefix + "encoder", *encoder);
  LoadPart(archive, prefix + "projector", *projector);
}

absl::StatusOr<Branch> MakeBranch(const TrainingConfig& config, torch::Device device,
                                  torch::Generator generator) {
  Branch branch;
  TIMBRE_ASSIGN_OR_RETURN(branch.encoder, model::MakeEncoder({.architecture = config.architecture,
                                                              .dropout = config.dropout,
                                                              .seed = SeedOf(config.seed, kEncoderWeights),
                                                              .initialization = config.initialization}));
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("making a projector", [&] {
    branch.projector = model::Projector(ProjectorOptionsOf(config, branch.encoder->embedding_dim()));
    branch.encoder->to(device);
    branch.projector->to(device);
    branch.encoder->train();
    branch.projector->train();
    branch.encoder->set_generator(std::move(generator));
    return absl::OkStatus();
  }));
  return branch;
}

void MoveTowards(const Branch& source, Branch& copy, double decay) {
  MoveTowards(*source.encoder, *copy.encoder, decay);
  MoveTowards(*source.projector, *copy.projector, decay);
}

}  // namespace timbre::train
