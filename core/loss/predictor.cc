#include "core/loss/predictor.h"

#include "core/loss/candidates.h"
#include "core/model/seeding.h"

namespace timbre::loss {

PredictorImpl::PredictorImpl(const PredictorOptions& options)
    : hidden_(torch::nn::LinearOptions(options.dim, options.hidden_dim).bias(options.hidden_bias)),
      norm_(options.hidden_dim),
      out_(options.hidden_dim, options.dim) {
  register_module("hidden", hidden_);
  register_module("norm", norm_);
  register_module("out", out_);
  model::DrawWeights(options.seed, *this);
}

torch::Tensor PredictorImpl::forward(const torch::Tensor& projections) {
  return out_->forward(torch::relu(norm_->forward(hidden_->forward(projections))));
}

torch::Tensor CrossPrediction(Predictor& predictor, const torch::Tensor& views, const torch::Tensor& target) {
  // Each view on its own: BatchNorm sees one view at a time, as in the papers' code.
  const torch::Tensor predictions =
      torch::stack({predictor->forward(views[0]), predictor->forward(views[1])});
  return (UnitRows(predictions) * UnitRows(target.detach()).flip(0)).sum(2).mean(1);
}

}  // namespace timbre::loss
