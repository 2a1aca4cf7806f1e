#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/probe/labeled_embeddings.h"

namespace timbre::pipeline {

// As EmbedLabeledClips, with probe::LogMelStatistics of the whole clip in place of an embedding.
// Errors: the token's status, which is looked at before each clip. Threads: safe.
absl::StatusOr<probe::LabeledEmbeddings> LogMelOfLabeledClips(
    const dataset::ClipDataset& dataset, const base::CancelToken& cancel,
    const std::function<void(int64_t, int64_t)>& on_clip);

}  // namespace timbre::pipeline
