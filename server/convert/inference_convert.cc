#include "server/convert/inference_convert.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/convert/model_convert.h"
#include "server/convert/names.h"

namespace timbre::convert {

v1::Timings TimingsToProto(const embed::Timings& timings) {
  v1::Timings proto;
  *proto.mutable_decode() = ToProtoDuration(timings.decode);
  *proto.mutable_queue() = ToProtoDuration(timings.queue);
  *proto.mutable_infer() = ToProtoDuration(timings.infer);
  *proto.mutable_total() = ToProtoDuration(timings.total);
  *proto.mutable_encode() = ToProtoDuration(timings.encode);
  return proto;
}

absl::StatusOr<embed::Priority> ParsePriority(const std::string& value) {
  if (value.empty() || value == "interactive") return embed::Priority::kInteractive;
  if (value == "bulk") return embed::Priority::kBulk;
  return absl::InvalidArgumentError(absl::StrCat("the metadata timbre-priority is '", value,
                                                 "'; set interactive or bulk, or leave it out"));
}

absl::StatusOr<audio::PcmFormat> PcmFormatFromProto(const v1::PcmFormat& proto) {
  audio::PcmFormat format;
  switch (proto.sample_format()) {
    case v1::SAMPLE_FORMAT_FLOAT32:
      format.sample_format = audio::SampleFormat::kFloat32;
      break;
    case v1::SAMPLE_FORMAT_INT16:
      format.sample_format = audio::SampleFormat::kInt16;
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("sample_format ", static_cast<int>(proto.sample_format()),
                       " is unknown; set SAMPLE_FORMAT_FLOAT32 or SAMPLE_FORMAT_INT16"));
  }
  format.sample_rate_hz = proto.sample_rate_hz();
  format.channels = proto.channel_count() == 0 ? 1 : proto.channel_count();
  return format;
}

absl::StatusOr<embed::AudioInput> AudioFromProto(const v1::Audio& proto) {
  switch (proto.content_case()) {
    case v1::Audio::kEncoded:
      return embed::EncodedAudio{proto.encoded()};
    case v1::Audio::kPcm: {
      TIMBRE_ASSIGN_OR_RETURN(const audio::PcmFormat format, PcmFormatFromProto(proto.pcm().format()));
      return embed::PcmAudio{proto.pcm().samples(), format};
    }
    case v1::Audio::CONTENT_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("the request has no audio; set audio.encoded or audio.pcm");
}

google::protobuf::Duration ToProtoDuration(absl::Duration duration) {
  google::protobuf::Duration proto;
  const int64_t nanos = absl::ToInt64Nanoseconds(duration);
  proto.set_seconds(nanos / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return proto;
}

v1::WindowTime WindowTimeToProto(const audio::WindowSpan& span) {
  v1::WindowTime proto;
  proto.set_start_seconds(span.start_seconds());
  proto.set_end_seconds(span.end_seconds());
  return proto;
}

void EmbeddingToProto(std::span<const float> values, v1::Embedding& proto) {
  proto.mutable_values()->Assign(values.begin(), values.end());
}

v1::EmbedResponse EmbedResultToProto(const embed::EmbedResult& result, bool include_windows) {
  v1::EmbedResponse proto;
  *proto.mutable_model() = ModelInfoToProto(result.model->version);
  EmbeddingToProto(result.clip_embedding, *proto.mutable_embedding());
  if (include_windows) {
    const auto dim = static_cast<size_t>(result.dim);
    for (size_t i = 0; i < result.windows.size(); ++i) {
      auto* window = proto.add_windows();
      *window->mutable_time() = WindowTimeToProto(result.windows[i]);
      EmbeddingToProto(std::span(result.window_embeddings).subspan(i * dim, dim),
                       *window->mutable_embedding());
    }
  }
  proto.set_audio_seconds(result.audio_seconds);
  proto.set_window_count(static_cast<int32_t>(result.windows.size()));
  return proto;
}

std::vector<v1::TagScore> RankTags(const registry::LoadedTagger& tagger, std::span<const float> scores,
                                   int top_count) {
  std::vector<size_t> order(tagger.info.tags.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  if (top_count > 0 && static_cast<size_t>(top_count) < order.size())
    order.resize(static_cast<size_t>(top_count));
  std::vector<v1::TagScore> ranked;
  ranked.reserve(order.size());
  for (size_t i : order) {
    v1::TagScore& score = ranked.emplace_back();
    score.set_tag(tagger.info.tags[i]);
    score.set_probability(scores[i]);
    score.set_threshold(tagger.head.thresholds[i]);
    score.set_predicted(scores[i] >= tagger.head.thresholds[i]);
  }
  return ranked;
}

v1::TagResponse TagResultToProto(const embed::EmbedResult& result, int top_count, bool include_windows) {
  v1::TagResponse proto;
  const registry::Version& version = result.model->version;
  const registry::Tagger& tagger = result.tagger->info;
  *proto.mutable_model() = ModelInfoToProto(version);
  proto.set_tagger(TaggerName(version.model, version.version, tagger.id));
  for (v1::TagScore& score : RankTags(*result.tagger, result.clip_scores, top_count))
    *proto.add_tags() = score;
  if (include_windows) {
    const size_t tags = tagger.tags.size();
    for (size_t i = 0; i < result.windows.size(); ++i) {
      auto* window = proto.add_windows();
      *window->mutable_time() = WindowTimeToProto(result.windows[i]);
      const auto scores = std::span(result.window_scores).subspan(i * tags, tags);
      window->mutable_probabilities()->Assign(scores.begin(), scores.end());
    }
    for (const std::string& tag : tagger.tags) proto.add_tag_order(tag);
  }
  proto.set_audio_seconds(result.audio_seconds);
  proto.set_window_count(static_cast<int32_t>(result.windows.size()));
  return proto;
}

}  // namespace timbre::convert
