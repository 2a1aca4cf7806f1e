#include "core/loss/nt_xent.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <cmath>
#include <limits>

namespace timbre::loss {
namespace {

constexpr double kNormFloor = 1e-8;

void AddDiagnostics(const torch::Tensor& similarity, const torch::Tensor& logits,
                    const torch::Tensor& partner, ObjectiveOutput& out) {
  torch::NoGradGuard no_grad;
  const auto rows = static_cast<double>(similarity.size(0));
  const torch::Tensor positives = similarity.gather(1, partner.unsqueeze(1));
  const double positive = positives.mean().item<double>();
  out.diagnostics["positive_similarity"] = positive;
  if (rows > 2) {
    const double all = similarity.sum().item<double>();
    const double self = similarity.diagonal().sum().item<double>();
    out.diagnostics["negative_similarity"] = (all - self - positive * rows) / (rows * (rows - 2));
  }
  out.diagnostics["retrieval_accuracy"] =
      logits.argmax(1).eq(partner).to(torch::kFloat).mean().item<double>();
}

}  // namespace

ObjectiveOutput NtXent::Compute(const ObjectiveInput& input) {
  const torch::Tensor& views = input.views;
  TORCH_CHECK(views.dim() == 3 && views.size(0) == 2, "nt_xent takes two views [2, N, d], got ",
              views.sizes());
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const int64_t tracks = views.size(1);
  const torch::Tensor rows =
      torch::nn::functional::normalize(views.to(torch::kFloat).reshape({2 * tracks, views.size(2)}),
                                       torch::nn::functional::NormalizeFuncOptions().dim(1).eps(kNormFloor));
  const torch::Tensor similarity = rows.matmul(rows.t());
  const torch::Tensor self =
      torch::eye(2 * tracks, torch::TensorOptions(torch::kBool).device(views.device()));
  const torch::Tensor logits =
      (similarity / temperature_).masked_fill(self, -std::numeric_limits<float>::infinity());
  const torch::Tensor partner =
      torch::arange(2 * tracks, torch::TensorOptions(torch::kLong).device(views.device())).roll(tracks);

  ObjectiveOutput out;
  out.loss = (torch::logsumexp(logits, 1) - logits.gather(1, partner.unsqueeze(1)).squeeze(1)).mean();
  AddDiagnostics(similarity, logits, partner, out);
  return out;
}

double NtXent::chance_loss(int64_t tracks) const { return std::log(2.0 * static_cast<double>(tracks) - 1.0); }

}  // namespace timbre::loss
