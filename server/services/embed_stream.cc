#include "server/services/embed_stream.h"

#include "server/convert/model_convert.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

using StreamModel = embed::Embedder::StreamModel;

struct EmbedProtocol {
  using Request = v1::EmbedStreamRequest;
  using Response = v1::EmbedStreamResponse;
  static constexpr const char* kMethod = "InferenceService/EmbedStream";
  static constexpr bool kTags = false;

  static absl::StatusOr<registry::ModelSelector> Selector(const v1::EmbedStreamConfig& config) {
    return convert::ParseSelector(config.model(), "");
  }

  static Response Started(const StreamModel& model) {
    Response response;
    *response.mutable_started() = convert::ModelInfoToProto(model.model->version);
    return response;
  }

  static Response Window(const StreamModel&, const audio::WindowSpan& span,
                         std::span<const float> embedding) {
    Response response;
    *response.mutable_window()->mutable_time() = convert::WindowTimeToProto(span);
    convert::EmbeddingToProto(embedding, *response.mutable_window()->mutable_embedding());
    return response;
  }

  static Response Final(const StreamModel&, const StreamSummary& summary) {
    Response response;
    convert::EmbeddingToProto(summary.mean, *response.mutable_final()->mutable_embedding());
    response.mutable_final()->set_audio_seconds(summary.audio_seconds);
    response.mutable_final()->set_window_count(summary.windows);
    *response.mutable_final()->mutable_timings() = convert::TimingsToProto(summary.timings);
    return response;
  }
};

}  // namespace

grpc::ServerBidiReactor<v1::EmbedStreamRequest, v1::EmbedStreamResponse>* NewEmbedStream(
    const StreamDependencies& deps, grpc::CallbackServerContext* context) {
  return new AudioStreamReactor<EmbedProtocol>(deps, *context);
}

}  // namespace timbre::services
