#include <algorithm>
#include <cmath>

#include "core/base/status_macros.h"
#include "core/probe/head_module.h"

namespace timbre::probe {
namespace {

constexpr int64_t kIterationsPerCall = 10;  // between two looks at the cancel token
constexpr double kGradientTolerance = 1e-8;

double LargestGradient(const HeadModule& head) {
  double largest = 0;
  for (const torch::Tensor& parameter : head.parameters()) {
    largest = std::max(largest, parameter.grad().abs().max().item<double>());
  }
  return largest;
}

}  // namespace

absl::StatusOr<HeadFit> FitByLbfgs(const HeadFitInput& input, const ProbeConfig& config,
                                   const base::CancelToken& cancel,
                                   const std::function<void(int64_t)>& on_epoch) {
  const ClipTensors fit(input.fit, input, torch::kFloat64);
  HeadModule head(config, input.dim, input.tags, torch::kFloat64);
  torch::optim::LBFGS optimizer(head.parameters(), torch::optim::LBFGSOptions(1)
                                                       .max_iter(kIterationsPerCall)
                                                       .history_size(20)
                                                       .tolerance_grad(kGradientTolerance)
                                                       .tolerance_change(0)
                                                       .line_search_fn("strong_wolfe"));
  // Per tag, so that the tolerance does not depend on how many there are.
  const auto closure = [&] {
    optimizer.zero_grad();
    torch::Tensor loss = torch::binary_cross_entropy_with_logits(head.Logits(fit.x()), fit.y()) *
                         static_cast<double>(input.tags);
    if (config.l2_strength > 0) loss = loss + config.l2_strength / 2 * head.SquaredWeights();
    loss.backward();
    return loss;
  };
  HeadFit result;
  double before = std::numeric_limits<double>::infinity();
  while (result.epochs < config.max_epochs) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    const double loss = optimizer.step(closure).item<double>();  // at the call's begin
    if (!std::isfinite(loss)) return absl::InternalError("the probe's loss is not finite");
    result.epochs = std::min(result.epochs + kIterationsPerCall, config.max_epochs);
    if (on_epoch) on_epoch(result.epochs);
    if (LargestGradient(head) <= kGradientTolerance || loss >= before) break;
    before = loss;
  }
  result.head = head.Export();
  result.score = ClipTensors(input.validation, input, torch::kFloat64).Score(head);
  return result;
}

}  // namespace timbre::probe
