#include "core/pipeline/clip_embeddings.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/embed/pooling.h"

namespace timbre::pipeline {
namespace {

// One window of one labelled clip.
struct Item {
  const dataset::Clip* clip = nullptr;
  audio::WindowSpan span;
  bool last_of_clip = false;
};

absl::StatusOr<std::vector<Item>> PlanItems(const std::vector<const dataset::Clip*>& clips) {
  std::vector<Item> items;
  for (const dataset::Clip* clip : clips) {
    TIMBRE_ASSIGN_OR_RETURN(const auto spans, audio::PlanWindows(clip->length_samples));
    for (const audio::WindowSpan& span : spans) items.push_back({clip, span, false});
    items.back().last_of_clip = true;
  }
  return items;
}

void ReadWindow(const dataset::ClipDataset& dataset, const Item& item, std::span<float> out) {
  std::vector<float> samples(static_cast<size_t>(item.span.length_samples));
  dataset.ReadFloat(*item.clip, item.span.start_samples, samples);
  audio::CopyWindow(samples, {0, item.span.length_samples}, out);
}

}  // namespace

std::vector<const dataset::Clip*> LabeledClips(const dataset::ClipDataset& dataset) {
  std::vector<const dataset::Clip*> clips;
  for (const dataset::Clip& clip : dataset.clips()) {
    if (!clip.labels.empty()) clips.push_back(&clip);
  }
  return clips;
}

void AppendClip(const dataset::Clip& clip, std::span<const float> embedding,
                probe::LabeledEmbeddings& result) {
  result.dim = static_cast<int64_t>(embedding.size());
  result.embeddings.insert(result.embeddings.end(), embedding.begin(), embedding.end());
  result.labels.insert(result.labels.end(), clip.labels.begin(), clip.labels.end());
  result.track_ids.push_back(clip.track_id);
  result.paths.push_back(clip.path);
  ++result.count;
}

absl::StatusOr<probe::LabeledEmbeddings> EmbedLabeledClips(
    const dataset::ClipDataset& dataset, engine::Encoder& encoder, int64_t batch_windows,
    const base::CancelToken& cancel, const std::function<void(int64_t, int64_t)>& on_clip) {
  const std::vector<const dataset::Clip*> clips = LabeledClips(dataset);
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<Item> items, PlanItems(clips));
  const auto window_size = static_cast<size_t>(audio::kWindowSamples);
  const auto dim = static_cast<size_t>(encoder.embedding_dim());

  probe::LabeledEmbeddings result;
  result.dim = encoder.embedding_dim();
  embed::RunningMean mean(result.dim);
  for (std::span<const Item> rest = items; !rest.empty();) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    const auto batch = rest.first(std::min(rest.size(), static_cast<size_t>(batch_windows)));
    rest = rest.subspan(batch.size());
    std::vector<float> windows(batch.size() * window_size);
    std::vector<float> embeddings(batch.size() * dim);
    for (size_t i = 0; i < batch.size(); ++i) {
      ReadWindow(dataset, batch[i], std::span(windows).subspan(i * window_size, window_size));
    }
    TIMBRE_RETURN_IF_ERROR(encoder.Encode(windows, static_cast<int64_t>(batch.size()), embeddings));
    for (size_t i = 0; i < batch.size(); ++i) {
      mean.Add(std::span(embeddings).subspan(i * dim, dim));
      if (!batch[i].last_of_clip) continue;
      AppendClip(*batch[i].clip, std::exchange(mean, embed::RunningMean(result.dim)).Mean(), result);
      if (on_clip) on_clip(result.count, static_cast<int64_t>(clips.size()));
    }
  }
  return result;
}

}  // namespace timbre::pipeline
