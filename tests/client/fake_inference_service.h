#pragma once

#include <timbre/v1/inference_service.grpc.pb.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace timbre::client {

// An InferenceService whose answers a test can foretell: a clip's embedding is one number, its bytes; each
// chunk of a stream is a window; the tags are always piano 0.9 and drums 0.1.
class FakeInferenceService : public v1::InferenceService::Service {
 public:
  void FailAfterChunks(int count, const grpc::Status& status) {
    fail_after_ = count;
    failure_ = status;
  }
  std::vector<std::string> chunks() const {
    std::lock_guard lock(mutex_);
    return chunks_;
  }

  grpc::Status Embed(grpc::ServerContext* /*context*/, const v1::EmbedRequest* request,
                     v1::EmbedResponse* response) override {
    const std::string& bytes = request->audio().encoded();
    if (bytes == "text") return {grpc::StatusCode::INVALID_ARGUMENT, "not audio"};
    response->mutable_model()->set_model_version("models/m/versions/1");
    response->mutable_model()->set_embedding_space_id(bytes == "other" ? "s2" : "s1");
    response->mutable_embedding()->add_values(static_cast<float>(bytes.size()));
    response->set_window_count(2);
    if (request->include_windows()) {
      for (int i = 0; i < 2; ++i)
        response->add_windows()->mutable_embedding()->add_values(static_cast<float>(i));
    }
    return grpc::Status::OK;
  }

  grpc::Status Tag(grpc::ServerContext* /*context*/, const v1::TagRequest* request,
                   v1::TagResponse* response) override {
    AddTags(*response);
    if (request->top_count() == 1) response->mutable_tags()->RemoveLast();
    response->set_tagger("models/m/versions/1/taggers/t");
    return grpc::Status::OK;
  }

  grpc::Status EmbedStream(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<v1::EmbedStreamResponse, v1::EmbedStreamRequest>* stream) override {
    v1::EmbedStreamRequest request;
    v1::EmbedStreamResponse response;
    stream->Read(&request);
    response.mutable_started()->set_model_version(request.config().model());
    stream->Write(response);
    int64_t count = 0;
    size_t bytes = 0;
    while (stream->Read(&request)) {
      if (count == fail_after_) return failure_;
      ++count;
      bytes += request.audio_chunk().size();
      Record(request.audio_chunk());
      response.mutable_window()->mutable_embedding();
      stream->Write(response);
    }
    response.mutable_final()->mutable_embedding()->add_values(static_cast<float>(bytes));
    response.mutable_final()->set_window_count(count);
    response.mutable_final()->mutable_timings()->mutable_infer()->set_seconds(7);
    stream->Write(response);
    return grpc::Status::OK;
  }

  grpc::Status TagStream(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<v1::TagStreamResponse, v1::TagStreamRequest>* stream) override {
    v1::TagStreamRequest request;
    v1::TagStreamResponse response;
    stream->Read(&request);
    response.mutable_started()->set_tagger("models/m/versions/1/taggers/t");
    for (const char* tag : {"drums", "piano"}) response.mutable_started()->add_tag_order(tag);
    stream->Write(response);
    while (stream->Read(&request)) {
      response.mutable_window()->add_probabilities(0.5F);
      stream->Write(response);
    }
    AddTags(*response.mutable_final());
    response.mutable_final()->mutable_timings()->mutable_infer()->set_seconds(8);
    stream->Write(response);
    return grpc::Status::OK;
  }

 private:
  template <typename Answer>
  static void AddTags(Answer& answer) {
    auto* first = answer.add_tags();
    first->set_tag("piano");
    first->set_predicted(true);
    first->set_probability(0.9F);
    auto* second = answer.add_tags();
    second->set_tag("drums");
    second->set_probability(0.1F);
  }

  void Record(const std::string& chunk) {
    std::lock_guard lock(mutex_);
    chunks_.push_back(chunk);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> chunks_;
  int64_t fail_after_ = -1;
  grpc::Status failure_;
};

}  // namespace timbre::client
