#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/loss/objective_config.h"

namespace timbre::loss {

struct ObjectiveOutput {
  torch::Tensor loss;                         // scalar, differentiable; fp32, or fp64 of fp64 views
  std::map<std::string, double> diagnostics;  // by name, e.g. "positive_similarity"
};

struct ObjectiveInput {
  torch::Tensor views;        // [M, N, d]: projections of M views of N >= 2 clips
  torch::Tensor target = {};  // the same shape, from the EMA branch; undefined unless wants_target()
  torch::Tensor groups = {};  // [N] int64: the track of each clip; undefined: no two clips share one
};

// What a training minimises: takes the projections of all views of a batch. An objective may own parameters
// (a predictor): they are trained with the encoder's. Threads: one forward at a time.
class Objective : public torch::nn::Module {
 public:
  // Computes outside autocast, in fp32 (also of bf16 views) or in the fp64 of the views. Throws c10::Error
  // for another number of views than view_range() and for shapes that do not fit.
  ObjectiveOutput Compute(const ObjectiveInput& input);

  virtual ViewRange view_range() const { return kTwoViews; }

  // Whether the trainer keeps an EMA copy of encoder and projector and passes its projections.
  virtual bool wants_target() const { return false; }

  // What the EMA copy keeps of itself at a step of a training: copy = m copy + (1 - m) online. For
  // objectives that want a target.
  virtual double target_momentum(int64_t /*step*/, int64_t /*steps*/) const { return 1; }

  // The value at which the loss stands still when nothing is learned (all projections alike), NaN if it has
  // none or if a healthy training may pass there: ln(2N-1) for NT-Xent.
  virtual double chance_loss(int64_t tracks, int64_t views) const;

 private:
  // The input is checked and in fp32 or fp64; autocast is off.
  virtual ObjectiveOutput Loss(const ObjectiveInput& input) = 0;
};

struct ObjectiveOptions {
  ObjectiveConfig config = {};
  int64_t projection_dim = 64;  // d, for a predictor
  uint64_t seed = 0;            // of a predictor's weights
};

// On the CPU, in train mode. Errors: as CheckObjective · kInvalidArgument a projection_dim below 1.
absl::StatusOr<std::shared_ptr<Objective>> MakeObjective(const ObjectiveOptions& options);

// Collapse monitors of projections [M, N, d], L2-normalised first (Wang & Isola 2020): alignment = mean
// ||x-y||^2 of positive pairs, uniformity = log mean exp(-2 ||xi-xj||^2) over pairs within each view (0 =
// collapsed, about -4 at best), embedding_std = mean over dimensions of the standard deviation over the batch
// of the given tensor's L2-normalised rows times sqrt(d) (1 = spread, 0 = collapsed).
struct SpreadDiagnostics {
  double alignment = 0, uniformity = 0, embedding_std = 0;
};
SpreadDiagnostics MeasureSpread(const torch::Tensor& views);

}  // namespace timbre::loss
