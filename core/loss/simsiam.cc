#include "core/loss/simsiam.h"

namespace timbre::loss {

ObjectiveOutput SimSiam::Loss(const ObjectiveInput& input) {
  const torch::Tensor cosine = CrossPrediction(predictor_, input.views, input.views).mean();
  ObjectiveOutput out;
  out.loss = -cosine;
  out.diagnostics["positive_similarity"] = cosine.item<double>();
  return out;
}

}  // namespace timbre::loss
