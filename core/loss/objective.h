#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::loss {

struct ObjectiveOutput {
  torch::Tensor loss;                         // scalar, fp32, differentiable
  std::map<std::string, double> diagnostics;  // by name, e.g. "positive_similarity"
};

struct ObjectiveInput {
  torch::Tensor views;        // [M, N, d]: projections of M views of N clips
  torch::Tensor target = {};  // the same shape, from the EMA branch; undefined unless wants_target()
  torch::Tensor groups = {};  // [N] int64: the track of each clip; undefined: no two clips share one
};

// How many views of a clip an objective can compare, both ends included.
struct ViewRange {
  int64_t min = 2, max = 2;
};

// What a training minimises: takes the projections of all views of a batch. An objective may own parameters
// (a predictor): they are trained with the encoder's. Threads: one forward at a time.
class Objective : public torch::nn::Module {
 public:
  // Throws c10::Error for another number of views than view_range() and for shapes that do not fit.
  virtual ObjectiveOutput Compute(const ObjectiveInput& input) = 0;

  virtual ViewRange view_range() const { return {}; }

  // Whether the trainer keeps an EMA copy of encoder and projector and passes its projections.
  virtual bool wants_target() const { return false; }

  // The value at which the loss stands still when nothing is learned (all projections alike), NaN if it has
  // none: ln(2N-1) for NT-Xent.
  virtual double chance_loss(int64_t tracks) const;
};

struct ObjectiveOptions {
  std::string name = "nt_xent";
  double temperature = 0.5;
};

// The names MakeObjective knows.
std::vector<std::string> KnownObjectives();

// Errors: kInvalidArgument unknown name (lists the known), temperature not in (0, inf).
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
