#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/probe/linear_head.h"
#include "core/probe/linear_probe.h"

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
  LinearHead head;        // of the best epoch
  int64_t epochs = 0;     // the best epoch, from 1
  ValidationScore score;  // of the best epoch
};

struct HeadFitInput {
  const LabeledFeatures& fit;
  const LabeledFeatures& validation;
  int64_t dim = 0;
  int64_t tags = 0;
};

// Minimises BCE by Adam (no weight decay) in shuffled mini-batches, from zero weights: the problem is convex,
// so no random start is needed. Stops after patience_epochs without a better validation score; keeps the best
// epoch's weights. Batches depend on (seed, epoch) alone; LibTorch's global generator is not touched.
// Errors: kInternal LibTorch, or a loss that is not finite · the token's status. Threads: safe.
absl::StatusOr<HeadFit> FitHead(const HeadFitInput& input, const ProbeConfig& config,
                                const base::CancelToken& cancel,
                                const std::function<void(int64_t)>& on_epoch);

}  // namespace timbre::probe
