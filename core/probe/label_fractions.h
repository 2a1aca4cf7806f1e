#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/probe/labeled_embeddings.h"
#include "core/probe/probe_config.h"
#include "core/probe/probe_result.h"

// Torch-free header.
namespace timbre::probe {

// Clips of round(fraction * tracks) tracks, at least 2, ascending. A smaller fraction's tracks are part of a
// larger one's. Depends on the set of track ids, the fraction and the seed alone. Threads: safe.
std::vector<size_t> ClipsOfFraction(std::span<const std::string> track_ids, double fraction, uint64_t seed);

struct LabelFraction {
  double fraction = 1;
  int64_t tracks = 0;
  ProbeResult result;
};

// A probe of its own, with its own validation part, for each of the config's label_fractions, smallest
// first; all are judged on the whole test set. `on_done(done, total)` counts fractions, and may be empty.
// Errors: as RunHeadProbe. Threads: safe.
absl::StatusOr<std::vector<LabelFraction>> RunLabelFractions(
    const LabeledEmbeddings& train, const LabeledEmbeddings& test, const std::vector<std::string>& tags,
    const ProbeConfig& config, const base::CancelToken& cancel,
    const std::function<void(int64_t, int64_t)>& on_done);

}  // namespace timbre::probe
