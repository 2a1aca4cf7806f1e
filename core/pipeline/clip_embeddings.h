#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/engine/encoder.h"
#include "core/probe/labeled_embeddings.h"

namespace timbre::pipeline {

// The clips with a row in the annotations, in the data set's order.
std::vector<const dataset::Clip*> LabeledClips(const dataset::ClipDataset& dataset);

// Adds a clip and what stands for it; all of one result have the same length, which becomes its dim.
void AppendClip(const dataset::Clip& clip, std::span<const float> embedding,
                probe::LabeledEmbeddings& result);

// Embeds the labelled clips of a data set as serving would: all windows of a clip (audio::PlanWindows), their
// embeddings averaged. Clips without a row in the annotations are left out. Windows go to the encoder in
// batches of `batch_windows` across clips; memory holds one batch and the result. `on_clip(done, total)` is
// called after each clip. Errors: as Encoder::Encode · the token's status, which is looked at before each
// batch. Threads: safe.
absl::StatusOr<probe::LabeledEmbeddings> EmbedLabeledClips(
    const dataset::ClipDataset& dataset, engine::Encoder& encoder, int64_t batch_windows,
    const base::CancelToken& cancel, const std::function<void(int64_t, int64_t)>& on_clip);

}  // namespace timbre::pipeline
