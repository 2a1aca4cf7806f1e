#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/embed/embedder.h"
#include "google/protobuf/duration.pb.h"
#include "timbre/v1/audio.pb.h"
#include "timbre/v1/inference_service.pb.h"

namespace timbre::convert {

// Audio off the wire; its bytes stay the message's. Errors: kInvalidArgument nothing or an unknown format.
absl::StatusOr<embed::AudioInput> AudioFromProto(const v1::Audio& proto);
absl::StatusOr<audio::PcmFormat> PcmFormatFromProto(const v1::PcmFormat& proto);

google::protobuf::Duration ToProtoDuration(absl::Duration duration);
v1::WindowTime WindowTimeToProto(const audio::WindowSpan& span);
void EmbeddingToProto(std::span<const float> values, v1::Embedding& proto);

// The metadata `timbre-priority`: interactive (also where it is empty) or bulk. Errors: kInvalidArgument
// another.
absl::StatusOr<embed::Priority> ParsePriority(const std::string& value);

v1::Timings TimingsToProto(const embed::Timings& timings);

v1::EmbedResponse EmbedResultToProto(const embed::EmbedResult& result, bool include_windows);

// `top_count` 0: all. Errors: kInvalidArgument negative (checked by the caller).
v1::TagResponse TagResultToProto(const embed::EmbedResult& result, int top_count, bool include_windows);

// Tags with their scores and thresholds, highest score first; equal scores keep the tagger's order.
std::vector<v1::TagScore> RankTags(const registry::LoadedTagger& tagger, std::span<const float> scores,
                                   int top_count);

}  // namespace timbre::convert
