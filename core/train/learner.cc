#include "core/train/learner.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "core/model/seeding.h"
#include "core/model/torch_compat.h"
#include "core/model/torch_guard.h"

namespace timbre::train {
namespace {

enum Stream : uint64_t { kEncoderWeights = 1, kProjectorWeights = 2, kDropout = 3, kPredictorWeights = 4 };

uint64_t SeedOf(uint64_t seed, Stream stream) { return base::Random({seed, stream}).Next(); }

torch::Device TorchDevice(const model::Device& device) {
  return device.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                     : torch::Device(torch::kCPU);
}

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

}  // namespace

Learner::Learner(const TrainingConfig& config, torch::Device device, bool bf16)
    : config_(config), device_(device), bf16_(bf16) {}

absl::StatusOr<std::unique_ptr<Learner>> Learner::Create(const TrainingConfig& config,
                                                         const RuntimeConfig& runtime) {
  TIMBRE_ASSIGN_OR_RETURN(const model::Device device, model::ChooseDevice(runtime.device));
  const bool bf16 =
      runtime.precision == "bf16" || (runtime.precision == "auto" && model::HasFastBf16(device));
  std::unique_ptr<Learner> learner(new Learner(config, TorchDevice(device), bf16));
  TIMBRE_ASSIGN_OR_RETURN(learner->encoder_,
                          model::MakeEncoder({.architecture = config.architecture,
                                              .dropout = config.dropout,
                                              .seed = SeedOf(config.seed, kEncoderWeights)}));
  TIMBRE_ASSIGN_OR_RETURN(learner->objective_,
                          loss::MakeObjective({.config = config.objective,
                                               .projection_dim = config.projector_dim,
                                               .seed = SeedOf(config.seed, kPredictorWeights)}));
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("making a learner", [&] {
    learner->projector_ =
        model::Projector(model::ProjectorOptions{.in_dim = learner->encoder_->embedding_dim(),
                                                 .hidden_dim = config.projector_hidden_dim,
                                                 .out_dim = config.projector_dim,
                                                 .seed = SeedOf(config.seed, kProjectorWeights)});
    std::vector<torch::Tensor> parameters;
    for (torch::nn::Module* part : {static_cast<torch::nn::Module*>(learner->encoder_.get()),
                                    static_cast<torch::nn::Module*>(learner->projector_.get()),
                                    static_cast<torch::nn::Module*>(learner->objective_.get())}) {
      part->to(learner->device_);
      part->train();
      for (torch::Tensor& parameter : part->parameters()) parameters.push_back(parameter);
    }
    learner->optimizer_ =
        std::make_unique<torch::optim::Adam>(parameters, torch::optim::AdamOptions(config.learning_rate));
    learner->generator_ = model::MakeGenerator(learner->device_, SeedOf(config.seed, kDropout));
    learner->encoder_->set_generator(learner->generator_);
    return absl::OkStatus();
  }));
  return learner;
}

std::string Learner::description() const {
  return absl::StrCat(device_.is_cuda() ? absl::StrCat("cuda:", int{device_.index()}) : "cpu",
                      bf16_ ? ", bf16" : ", fp32");
}

torch::Tensor Learner::Project(const torch::Tensor& view) {
  return projector_->forward(encoder_->forward(view));
}

UpdateFigures Learner::Update(const dataset::ViewBatch& batch) {
  // The batch outlives the backward pass, so the tensor may share its memory.
  const torch::Tensor windows =
      torch::from_blob(const_cast<float*>(batch.samples.data()),
                       {batch.views, batch.tracks, 1, batch.window_samples}, torch::kFloat)
          .to(device_);
  std::vector<torch::Tensor> projections;
  {
    const model::AutocastGuard autocast(device_, bf16_);
    for (int view = 0; view < batch.views; ++view)
      projections.push_back(Project(windows[view]).to(torch::kFloat));
  }
  const torch::Tensor views = torch::stack(projections);
  const loss::ObjectiveOutput output = objective_->Compute({.views = views});

  UpdateFigures figures;
  figures.spread = loss::MeasureSpread(views.detach());
  figures.loss = output.loss.item<double>();
  optimizer_->zero_grad();
  output.loss.backward();
  figures.gradient_norm = GradientNorm();
  if (std::isfinite(figures.loss) && std::isfinite(figures.gradient_norm)) optimizer_->step();
  return figures;
}

double Learner::GradientNorm() const {
  std::vector<torch::Tensor> norms;
  for (const auto& group : optimizer_->param_groups()) {
    for (const torch::Tensor& parameter : group.params()) {
      if (parameter.grad().defined()) norms.push_back(parameter.grad().norm());
    }
  }
  return torch::stack(norms).norm().item<double>();
}

void Learner::Save(torch::serialize::OutputArchive& archive) const {
  SavePart(archive, "encoder", *encoder_);
  SavePart(archive, "projector", *projector_);
  SavePart(archive, "objective", *objective_);
  SavePart(archive, "optimizer", *optimizer_);
  archive.write("generator_device", c10::IValue(device_.is_cuda() ? "cuda" : "cpu"));
  archive.write("generator", generator_.get_state(), /*is_buffer=*/true);
}

void Learner::Load(torch::serialize::InputArchive& archive) {
  LoadPart(archive, "encoder", *encoder_);
  LoadPart(archive, "projector", *projector_);
  LoadPart(archive, "objective", *objective_);
  LoadPart(archive, "optimizer", *optimizer_);
  c10::IValue kind;
  archive.read("generator_device", kind);
  // A training that moved between CPU and GPU cannot go on bit for bit; dropout starts anew from the seed.
  if (kind.toStringRef() != (device_.is_cuda() ? "cuda" : "cpu")) return;
  torch::Tensor state;
  archive.read("generator", state, /*is_buffer=*/true);
  generator_.set_state(state.to(torch::kCPU));
}

}  // namespace timbre::train
