#pragma once

#include "core/loss/objective.h"
#include "core/loss/predictor.h"

namespace timbre::loss {

// SimSiam (Chen & He 2021, arXiv 2011.10566), two views, no negatives and no target network:
//   -1/2 (cos(predictor(view 0), stop(view 1)) + cos(predictor(view 1), stop(view 0))), mean over clips,
// where no gradient flows through stop. In [-1, 1]. No chance value: -1, the value of collapsed projections,
// is also the best; embedding_std tells them apart. Diagnostics: positive_similarity.
class SimSiam final : public Objective {
 public:
  explicit SimSiam(const PredictorOptions& predictor)
      : predictor_(register_module("predictor", Predictor(predictor))) {}

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  Predictor predictor_;
};

}  // namespace timbre::loss
