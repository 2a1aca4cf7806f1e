#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/encoder_module.h"
#include "core/model/projector.h"
#include "core/train/encoder_engine.h"
#include "core/train/training_config.h"

namespace timbre::train {

// Encoder and projector: what is trained, and what the slow copies of it are made of. Threads: one forward at
// a time.
struct Branch {
  std::shared_ptr<model::EncoderModule> encoder;
  model::Projector projector{nullptr};
  std::shared_ptr<EncoderEngine> engine = nullptr;  // what computes the encoder; none: LibTorch

  // Each view on its own, so that BatchNorm's statistics are a view's: [M, N, 1, T] -> [M, N, d], fp32.
  torch::Tensor Project(const torch::Tensor& windows);

  std::vector<torch::Tensor> parameters() const;

  // Under `prefix` + "encoder" and `prefix` + "projector".
  void Save(torch::serialize::OutputArchive& archive, const std::string& prefix) const;
  void Load(torch::serialize::InputArchive& archive, const std::string& prefix);
};

// A branch on the device, in train mode, whose dropout draws from `generator`, with weights drawn from the
// config's seed: two of them are equal. Errors: kInvalidArgument config · kInternal.
absl::StatusOr<Branch> MakeBranch(const TrainingConfig& config, torch::Device device,
                                  torch::Generator generator);

// copy = decay * copy + (1 - decay) * source; see ema.h.
void MoveTowards(const Branch& source, Branch& copy, double decay);

// Parts of an archive: a module's or optimiser's state under a name.
template <typename Part>
void SavePart(torch::serialize::OutputArchive& archive, const std::string& name, const Part& part) {
  torch::serialize::OutputArchive inner(archive.compilation_unit());
  part.save(inner);
  archive.write(name, inner);
}

template <typename Part>
void LoadPart(torch::serialize::InputArchive& archive, const std::string& name, Part& part) {
  torch::serialize::InputArchive inner;
  archive.read(name, inner);
  part.load(inner);
}

}  // namespace timbre::train
