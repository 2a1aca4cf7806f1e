#include "server/services/tag_stream.h"

#include "server/convert/model_convert.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

using StreamModel = embed::Embedder::StreamModel;

struct TagProtocol {
  using Request = v1::TagStreamRequest;
  using Response = v1::TagStreamResponse;
  static constexpr const char* kMethod = "InferenceService/TagStream";
  static constexpr bool kTags = true;

  static absl::StatusOr<registry::ModelSelector> Selector(const v1::TagStreamConfig& config) {
    return convert::ParseSelector(config.model(), config.tagger());
  }

  static Response Started(const StreamModel& model) {
    Response response;
    const registry::Version& version = model.model->version;
    *response.mutable_started()->mutable_model() = convert::ModelInfoToProto(version);
    response.mutable_started()->set_tagger(
        convert::TaggerName(version.model, version.version, model.tagger->info.id));
    for (const std::string& tag : model.tagger->info.tags) response.mutable_started()->add_tag_order(tag);
    return response;
  }

  static Response Window(const StreamModel& model, const audio::WindowSpan& span,
                         std::span<const float> embedding) {
    Response response;
    *response.mutable_window()->mutable_time() = convert::WindowTimeToProto(span);
    const std::vector<float> scores = model.tagger->Score(embedding);
    response.mutable_window()->mutable_probabilities()->Assign(scores.begin(), scores.end());
    return response;
  }

  static Response Final(const StreamModel& model, const StreamSummary& summary) {
    Response response;
    const std::vector<float> scores = model.tagger->Score(summary.mean);
    for (v1::TagScore& score : convert::RankTags(*model.tagger, scores, 0)) {
      *response.mutable_final()->add_tags() = std::move(score);
    }
    response.mutable_final()->set_audio_seconds(summary.audio_seconds);
    response.mutable_final()->set_window_count(summary.windows);
    *response.mutable_final()->mutable_timings() = convert::TimingsToProto(summary.timings);
    return response;
  }
};

}  // namespace

grpc::ServerBidiReactor<v1::TagStreamRequest, v1::TagStreamResponse>* NewTagStream(
    const StreamDependencies& deps, grpc::CallbackServerContext* context) {
  return new AudioStreamReactor<TagProtocol>(deps, *context);
}

}  // namespace timbre::services
