#pragma once

#include <memory>
#include <vector>

#include "core/train/optimizer.h"

namespace timbre::train {

// The optimiser of a training whose parameters may move at rates of their own: `own` are encoder's and
// projector's, `predictor` the objective's. Its Step takes the scheduled rate;
//   parameters of one dimension (biases, BatchNorm) get it times bias_rate_multiple (Barlow Twins),
//   the predictor's config.learning_rate instead of it with constant_predictor_rate (SimSiam).
// Where all rates are equal it is MakeOptimizer's of all of them. Threads: compatible.
std::unique_ptr<Optimizer> MakeRatedOptimizer(const OptimizerConfig& config,
                                              const std::vector<torch::Tensor>& own,
                                              const std::vector<torch::Tensor>& predictor);

}  // namespace timbre::train
