#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/probe/probe_config.h"
#include "core/weights/tag_head.h"

// Torch-free header.
namespace timbre::probe {

// Features of clips with their labels.
struct LabeledFeatures {
  std::vector<float> features;  // [count, dim]
  std::vector<uint8_t> labels;  // [count, tags]
};

// How good a head is on the validation part. A higher mAP is better; where it is equal, or no tag has both
// classes there, a lower loss is.
struct ValidationScore {
  std::optional<double> mean_average_precision;  // over the tags with both classes in validation
  double loss = 0;                               // mean BCE

  bool BetterThan(const ValidationScore& other) const;
};

struct HeadFit {
  weights::TagHead head;  // without thresholds
  int64_t epochs = 0;     // Adam: the best epoch, from 1; L-BFGS: iterations
  ValidationScore score;
};

struct HeadFitInput {
  const LabeledFeatures& fit;
  const LabeledFeatures& validation;
  int64_t dim = 0;
  int64_t tags = 0;
};

// Minimises, over the mean of tags, mean BCE + l2_strength / 2 * |weights|^2 (biases go free). A linear head
// starts at zero: the problem is convex. An MLP starts as torch.nn.Linear does, from the seed.
//   Adam: shuffled mini-batches; stops after patience_epochs without a better validation score; keeps the
//   best epoch's weights. Batches and dropout depend on (seed, epoch) alone.
//   L-BFGS (history 20, strong Wolfe line search): all clips at once, in double, until the gradient vanishes
//   or after max_epochs iterations. For a linear head that is scikit-learn's LogisticRegression with C = 1 /
//   (l2_strength * clips).
// LibTorch's global generator is not touched. `on_epoch` counts epochs or iterations, and may be empty.
// Errors: kInternal LibTorch, or a loss that is not finite · the token's status. Threads: safe.
absl::StatusOr<HeadFit> FitHead(const HeadFitInput& input, const ProbeConfig& config,
                                const base::CancelToken& cancel,
                                const std::function<void(int64_t)>& on_epoch);

}  // namespace timbre::probe
