#include "core/probe/head_fit.h"

#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/probe/head_module.h"

namespace timbre::probe {

bool ValidationScore::BetterThan(const ValidationScore& other) const {
  const double map = mean_average_precision.value_or(0);
  const double other_map = other.mean_average_precision.value_or(0);
  return map != other_map ? map > other_map : loss < other.loss;
}

absl::StatusOr<HeadFit> FitHead(const HeadFitInput& input, const ProbeConfig& config,
                                const base::CancelToken& cancel,
                                const std::function<void(int64_t)>& on_epoch) {
  absl::StatusOr<HeadFit> fit;
  const auto run = [&]() -> absl::Status {
    fit = config.optimizer == Optimizer::kLbfgs ? FitByLbfgs(input, config, cancel, on_epoch)
                                                : FitByAdam(input, config, cancel, on_epoch);
    return fit.status();
  };
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("fitting the probe's head", run));
  return fit;
}

}  // namespace timbre::probe
