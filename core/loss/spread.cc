#include <cmath>

#include "core/loss/align_uniform.h"
#include "core/loss/objective.h"

namespace timbre::loss {

SpreadDiagnostics MeasureSpread(const torch::Tensor& views) {
  TORCH_CHECK(views.dim() == 3 && views.size(0) >= 2, "views must be [M >= 2, N, d], got ", views.sizes());
  torch::NoGradGuard no_grad;
  constexpr double kScale = 2;
  const int64_t count = views.size(0), tracks = views.size(1), dim = views.size(2);
  const torch::Tensor unit = torch::nn::functional::normalize(
      views.to(torch::kDouble), torch::nn::functional::NormalizeFuncOptions().dim(2));

  SpreadDiagnostics out;
  torch::Tensor alignment = torch::zeros({}, unit.options());
  torch::Tensor uniformity = torch::zeros({}, unit.options());
  for (int64_t a = 0; a < count; ++a) {
    for (int64_t b = a + 1; b < count; ++b) alignment += (unit[a] - unit[b]).pow(2).sum(1).mean();
    if (tracks > 1) uniformity += Uniformity(unit[a], kScale);
  }
  out.alignment = alignment.item<double>() / (static_cast<double>(count * (count - 1)) / 2);
  out.uniformity = uniformity.item<double>() / static_cast<double>(count);
  const torch::Tensor deviation = unit.reshape({count * tracks, dim}).std(0, /*unbiased=*/false);
  out.embedding_std = deviation.mean().item<double>() * std::sqrt(static_cast<double>(dim));
  return out;
}

}  // namespace timbre::loss
