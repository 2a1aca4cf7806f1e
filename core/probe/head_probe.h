#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/probe/labeled_embeddings.h"
#include "core/probe/probe_config.h"
#include "core/probe/probe_result.h"

// Torch-free header.
namespace timbre::probe {

// (done, total) epochs of all fits of a probe; a fit that stops early skips ahead. May be empty.
using OnEpoch = std::function<void(int64_t done, int64_t total)>;

// Fits a head on frozen embeddings and judges it on test. A validation part, cut from `train` by track and
// never from test, chooses Adam's best epoch, the features and the thresholds: better is a higher mAP over
// the tags with both classes in validation; where it is equal, or there is no such tag, a lower loss. The
// scores of test are those of the head as it is returned, as float32 logits. Deterministic for a seed and a
// number of threads.
// Errors: kInvalidArgument config or shapes · kFailedPrecondition no labels, fewer than 2 train tracks, no
// tag with both classes in test · the token's status · kInternal LibTorch. Threads: safe.
absl::StatusOr<ProbeResult> RunHeadProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                         const std::vector<std::string>& tags, const ProbeConfig& config,
                                         const base::CancelToken& cancel, const OnEpoch& on_epoch);

}  // namespace timbre::probe
