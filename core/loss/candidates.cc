#include "core/loss/candidates.h"

namespace timbre::loss {
namespace {

constexpr double kNormFloor = 1e-8;
constexpr double kMasked = -1e30;   // finite: a row without negatives has a gradient of 0, not NaN
constexpr double kLinearFrom = 80;  // exp(80) is still finite in fp32

}  // namespace

torch::Tensor UnitRows(const torch::Tensor& values) {
  return torch::nn::functional::normalize(
      values, torch::nn::functional::NormalizeFuncOptions().dim(-1).eps(kNormFloor));
}

Candidates Compare(const ObjectiveInput& input, bool mask_same_track) {
  const int64_t views = input.views.size(0), clips = input.views.size(1);
  const torch::Device device = input.views.device();
  const torch::Tensor rows = UnitRows(input.views).reshape({views * clips, input.views.size(2)});
  const torch::Tensor clip =
      torch::arange(clips, torch::TensorOptions(torch::kLong).device(device)).repeat({views});
  const torch::Tensor same_clip = clip.unsqueeze(0).eq(clip.unsqueeze(1));
  const torch::Tensor self =
      torch::eye(views * clips, torch::TensorOptions(torch::kLong).device(device)).to(torch::kBool);
  torch::Tensor negatives = same_clip.logical_not();
  if (mask_same_track && input.groups.defined()) {
    const torch::Tensor track = input.groups.to(device).repeat({views});
    negatives = track.unsqueeze(0).ne(track.unsqueeze(1)).logical_and(negatives);
  }
  return {.cosines = rows.matmul(rows.t()),
          .positives = same_clip.logical_and(self.logical_not()),
          .negatives = negatives};
}

torch::Tensor PositiveScores(const Candidates& candidates, const torch::Tensor& scores) {
  return scores.masked_select(candidates.positives).reshape({scores.size(0), -1});
}

torch::Tensor NegativeLogSum(const Candidates& candidates, const torch::Tensor& scores) {
  return torch::logsumexp(scores.masked_fill(candidates.negatives.logical_not(), kMasked), 1);
}

torch::Tensor SoftPlus(const torch::Tensor& x) {
  return torch::nn::functional::softplus(x,
                                         torch::nn::functional::SoftplusFuncOptions().threshold(kLinearFrom));
}

void AddDiagnostics(const Candidates& candidates, ObjectiveOutput& out) {
  torch::NoGradGuard no_grad;
  const torch::Tensor cosines = candidates.cosines.detach();
  const torch::Tensor positives = PositiveScores(candidates, cosines);
  const torch::Tensor negatives = cosines.masked_select(candidates.negatives);
  out.diagnostics["positive_similarity"] = positives.mean().item<double>();
  if (negatives.numel() > 0) out.diagnostics["negative_similarity"] = negatives.mean().item<double>();
  const torch::Tensor nearest = cosines.masked_fill(candidates.negatives.logical_not(), kMasked).amax(1);
  out.diagnostics["retrieval_accuracy"] =
      positives.amax(1).gt(nearest).to(torch::kDouble).mean().item<double>();
}

}  // namespace timbre::loss
