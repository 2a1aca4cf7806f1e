#pragma once

// Objectives and inputs for the tests of this room.

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "core/loss/objective.h"
#include "tests/support/matchers.h"

namespace timbre::loss::testing {

inline std::shared_ptr<Objective> Make(const ObjectiveConfig& config, int64_t projection_dim = 5) {
  const auto objective = MakeObjective({.config = config, .projection_dim = projection_dim, .seed = 3});
  EXPECT_THAT(objective, timbre::testing::IsOk());
  return *objective;
}

inline double Value(Objective& objective, const ObjectiveInput& input) {
  return objective.Compute(input).loss.item<double>();
}

// Random fp64 views, a target and tracks of which some have two clips.
inline ObjectiveInput RandomInput(int64_t views = 2, int64_t clips = 6, int64_t dim = 5) {
  torch::manual_seed(4);
  const auto real = torch::TensorOptions(torch::kDouble);
  return {.views = torch::randn({views, clips, dim}, real),
          .target = torch::randn({views, clips, dim}, real),
          .groups = torch::arange(clips, torch::kLong).floor_divide(2)};
}

// Every objective with its defaults, Poly-View by each method, and the masked ones.
inline std::vector<ObjectiveConfig> ManyObjectives() {
  std::vector<ObjectiveConfig> configs = DefaultObjectives();
  configs.push_back(NtXentConfig{.temperature = 0.05, .mask_same_track = true});
  configs.push_back(DclConfig{.temperature = 0.05, .mask_same_track = true});
  configs.push_back(DclwConfig{.temperature = 0.05, .sigma = 0.3, .mask_same_track = true});
  for (const auto method :
       {PolyViewMethod::kGeometric, PolyViewMethod::kArithmetic, PolyViewMethod::kSufficientStatistics}) {
    configs.push_back(PolyViewConfig{.method = method, .temperature = 0.05});
    configs.push_back(PolyViewConfig{.method = method, .temperature = 0.2, .mask_same_track = true});
  }
  return configs;
}

}  // namespace timbre::loss::testing
