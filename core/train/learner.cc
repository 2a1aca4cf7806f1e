#include "core/train/learner.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "core/model/seeding.h"
#include "core/model/torch_compat.h"
#include "core/model/torch_guard.h"
#include "core/train/rate_groups.h"
#include "core/train/schedule.h"

namespace timbre::train {
namespace {

enum Stream : uint64_t { kDropout = 3, kPredictorWeights = 4 };  // 1 and 2: branch.cc

uint64_t SeedOf(uint64_t seed, Stream stream) { return base::Random({seed, stream}).Next(); }

torch::Device TorchDevice(const model::Device& device) {
  return device.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                     : torch::Device(torch::kCPU);
}

void AddShare(const loss::SpreadDiagnostics& spread, double share, UpdateFigures& figures) {
  figures.spread.alignment += share * spread.alignment;
  figures.spread.uniformity += share * spread.uniformity;
  figures.spread.embedding_std += share * spread.embedding_std;
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
  TIMBRE_ASSIGN_OR_RETURN(learner->objective_,
                          loss::MakeObjective({.config = config.objective,
                                               .projection_dim = config.projector_dim,
                                               .seed = SeedOf(config.seed, kPredictorWeights)}));
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("making a random generator", [&] {
    learner->generator_ = model::MakeGenerator(learner->device_, SeedOf(config.seed, kDropout));
    return absl::OkStatus();
  }));
  TIMBRE_ASSIGN_OR_RETURN(learner->online_, MakeBranch(config, learner->device_, learner->generator_));
  TIMBRE_RETURN_IF_ERROR(learner->ChooseEngine(runtime));
  if (learner->objective_->wants_target()) {
    TIMBRE_ASSIGN_OR_RETURN(learner->target_, learner->MakeCopy());
  }
  if (config.ema_decay > 0) {
    TIMBRE_ASSIGN_OR_RETURN(learner->average_, learner->MakeCopy());
  }
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("making an optimiser", [&] {
    learner->objective_->to(learner->device_);
    learner->objective_->train();
    const std::vector<torch::Tensor> own = learner->online_.parameters();
    const std::vector<torch::Tensor> predictor = learner->objective_->parameters();
    learner->parameters_ = own;
    learner->parameters_.insert(learner->parameters_.end(), predictor.begin(), predictor.end());
    learner->optimizer_ = MakeRatedOptimizer(config.optimizer, own, predictor);
    return absl::OkStatus();
  }));
  return learner;
}

absl::Status Learner::ChooseEngine(const RuntimeConfig& runtime) {
  if (runtime.train_engine == "torch" || (runtime.train_engine == "auto" && !device_.is_cpu())) {
    return absl::OkStatus();
  }
  if (!device_.is_cpu()) {
    return absl::InvalidArgumentError(
        "train_engine is \"timbre\", which computes on the CPU; with this device it must be auto or torch");
  }
  auto engine = EncoderEngine::Create(*online_.encoder, bf16_);
  if (!engine.ok()) {
    // An encoder of another kind is LibTorch's, unless it was asked for.
    return runtime.train_engine == "auto" ? absl::OkStatus() : engine.status();
  }
  online_.engine = *std::move(engine);
  return absl::OkStatus();
}

// Its engine is the online branch's: engines have no weights.
absl::StatusOr<Branch> Learner::MakeCopy() const {
  TIMBRE_ASSIGN_OR_RETURN(Branch copy, MakeBranch(config_, device_, generator_));
  copy.engine = online_.engine;
  for (torch::Tensor& parameter : copy.parameters()) parameter.set_requires_grad(false);
  return copy;
}

std::string Learner::description() const {
  return absl::StrCat(device_.is_cuda() ? absl::StrCat("cuda:", int{device_.index()}) : "cpu",
                      bf16_ ? ", bf16" : ", fp32", online_.engine ? ", timbre" : ", torch");
}

UpdateFigures Learner::Update(int64_t step, const std::vector<dataset::ViewBatch>& batches) {
  ClearGradients(parameters_);
  UpdateFigures figures;
  figures.learning_rate = LearningRateAt(config_.optimizer, step, config_.steps);
  const double share = 1.0 / static_cast<double>(batches.size());
  for (const dataset::ViewBatch& batch : batches) Accumulate(batch, share, figures);
  figures.gradient_norm = GradientNorm(parameters_);
  if (std::isfinite(figures.loss) && std::isfinite(figures.gradient_norm)) Move(step, figures);
  return figures;
}

torch::Tensor Learner::Project(Branch& branch, const torch::Tensor& windows) const {
  const model::AutocastGuard autocast(device_, bf16_);
  return branch.Project(windows);
}

void Learner::Accumulate(const dataset::ViewBatch& batch, double share, UpdateFigures& figures) {
  // The batch outlives the backward pass, so the tensor may share its memory.
  const torch::Tensor windows =
      torch::from_blob(const_cast<float*>(batch.samples.data()),
                       {batch.views, batch.tracks, 1, batch.window_samples}, torch::kFloat)
          .to(device_);
  loss::ObjectiveInput input;
  input.views = Project(online_, windows);
  if (target_) {
    torch::NoGradGuard no_grad;
    input.target = Project(*target_, windows);
  }
  if (!batch.groups.empty()) input.groups = torch::tensor(batch.groups, torch::kLong).to(device_);
  const loss::ObjectiveOutput output = objective_->Compute(input);

  AddShare(loss::MeasureSpread(input.views.detach()), share, figures);
  for (const auto& [name, value] : output.diagnostics) figures.diagnostics[name] += share * value;
  figures.loss += share * output.loss.item<double>();
  (output.loss * share).backward();
}

void Learner::Move(int64_t step, const UpdateFigures& figures) {
  if (config_.optimizer.gradient_clip_norm > 0) {
    ClipGradients(parameters_, figures.gradient_norm, config_.optimizer.gradient_clip_norm);
  }
  optimizer_->Step(figures.learning_rate);
  if (target_) MoveTowards(online_, *target_, objective_->target_momentum(step, config_.steps));
  if (average_) MoveTowards(online_, *average_, config_.ema_decay);
}

void Learner::Save(torch::serialize::OutputArchive& archive) const {
  online_.Save(archive, "");
  if (target_) target_->Save(archive, "target_");
  if (average_) average_->Save(archive, "average_");
  SavePart(archive, "objective", *objective_);
  torch::serialize::OutputArchive optimizer(archive.compilation_unit());
  optimizer_->Save(optimizer);
  archive.write("optimizer", optimizer);
  archive.write("generator_device", c10::IValue(device_.is_cuda() ? "cuda" : "cpu"));
  archive.write("generator", generator_.get_state(), /*is_buffer=*/true);
}

void Learner::Load(torch::serialize::InputArchive& archive) {
  online_.Load(archive, "");
  if (target_) target_->Load(archive, "target_");
  if (average_) average_->Load(archive, "average_");
  LoadPart(archive, "objective", *objective_);
  torch::serialize::InputArchive optimizer;
  archive.read("optimizer", optimizer);
  optimizer_->Load(optimizer);
  c10::IValue kind;
  archive.read("generator_device", kind);
  // A training that moved between CPU and GPU cannot go on bit for bit; dropout starts anew from the seed.
  if (kind.toStringRef() != (device_.is_cuda() ? "cuda" : "cpu")) return;
  torch::Tensor state;
  archive.read("generator", state, /*is_buffer=*/true);
  generator_.set_state(state.to(torch::kCPU));
}

}  // namespace timbre::train
