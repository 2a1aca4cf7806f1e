#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/cancel_token.h"
#include "core/probe/labeled_embeddings.h"
#include "core/probe/probe_config.h"
#include "core/probe/probe_result.h"

// Torch-free.
namespace timbre::probe {

// What a classifier says about the clips of a set. Shapes: [tags, count].
struct ClipScores {
  std::vector<float> ranking;        // what AP and ROC-AUC are of: logits, which saturate less
  std::vector<float> probabilities;  // what thresholds are of
};

struct EvaluationInput {
  const LabeledEmbeddings& train;  // validation included
  const LabeledEmbeddings& validation;
  const LabeledEmbeddings& test;
  const ClipScores& validation_scores;
  const ClipScores& test_scores;
  const std::vector<std::string>& tags;
};

// Judges a classifier: thresholds from validation, everything else from test. Fills `result`'s tags, means
// and intervals. Errors: the token's status. Threads: safe.
absl::Status Evaluate(const EvaluationInput& input, const ProbeConfig& config,
                      const base::CancelToken& cancel, ProbeResult& result);

}  // namespace timbre::probe
