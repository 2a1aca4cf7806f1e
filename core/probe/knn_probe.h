#pragma once

#include <cstdint>
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

// Shapes: labelled [count, dim] with labels [count, tags]; queries [queries, dim].
struct NeighborVote {
  std::span<const float> labelled;
  std::span<const uint8_t> labels;
  std::span<const float> queries;
  int64_t dim = 0;
  int64_t neighbors = 1;  // more than there are clips: all
};

// A query's score of a tag: the weighted share of its nearest clips, by cosine, that have the tag, each
// weighted by exp(cosine / 0.07) (Wu et al. 2018, arXiv 1805.01978, as DINO evaluates); of equally near clips
// the earlier counts. Returns [tags, queries] in [0, 1].
// Errors: the token's status · kInternal LibTorch. Threads: safe.
absl::StatusOr<std::vector<float>> VoteOfNeighbors(const NeighborVote& vote, const base::CancelToken& cancel);

// As RunHeadProbe, with the neighbours' votes in place of a head: the same validation part chooses features
// and thresholds; its clips do not vote. Errors: as RunHeadProbe.
absl::StatusOr<ProbeResult> RunKnnProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                        const std::vector<std::string>& tags, const ProbeConfig& config,
                                        const base::CancelToken& cancel);

}  // namespace timbre::probe
