#include "core/pipeline/clip_log_mel.h"

#include <vector>

#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/pipeline/clip_embeddings.h"
#include "core/probe/log_mel.h"

namespace timbre::pipeline {

absl::StatusOr<probe::LabeledEmbeddings> LogMelOfLabeledClips(
    const dataset::ClipDataset& dataset, const base::CancelToken& cancel,
    const std::function<void(int64_t, int64_t)>& on_clip) {
  const probe::LogMelStatistics log_mel(audio::kSampleRateHz);
  const std::vector<const dataset::Clip*> clips = LabeledClips(dataset);
  probe::LabeledEmbeddings result;
  for (const dataset::Clip* clip : clips) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    std::vector<float> samples(static_cast<size_t>(clip->length_samples));
    dataset.ReadFloat(*clip, 0, samples);
    AppendClip(*clip, log_mel.Compute(samples), result);
    if (on_clip) on_clip(result.count, static_cast<int64_t>(clips.size()));
  }
  return result;
}

}  // namespace timbre::pipeline
