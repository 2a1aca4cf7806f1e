#include "client/inference_stream.h"

#include <timbre/v1/inference_service.grpc.pb.h>

#include <algorithm>
#include <thread>

#include "absl/time/clock.h"
#include "client/call.h"

namespace timbre::client {
namespace {

void SetDeadline(const Connection& connection, grpc::ClientContext& context) {
  if (connection.timeout == absl::InfiniteDuration()) return;
  context.set_deadline(absl::ToChronoTime(absl::Now() + connection.timeout));
}

// Writes on a thread of its own, so that neither side waits for the other's full window; reads on the
// caller's.
template <typename Stream, typename Config, typename OnResponse>
absl::Status Converse(Stream& stream, const Config& config, const ChunkSource& source,
                      OnResponse on_response) {
  std::thread writer([&] {
    typename Stream::Request request;
    *request.mutable_config() = config;
    bool open = stream.Write(request);
    std::string chunk;
    while (open && source(chunk)) {
      request.set_audio_chunk(chunk);
      open = stream.Write(request);
    }
    stream.WritesDone();
  });
  typename Stream::Response response;
  while (stream.Read(&response)) on_response(response);
  writer.join();
  return FromGrpcStatus(stream.Finish());
}

template <typename RequestType, typename ResponseType>
struct Conversation {
  using Request = RequestType;
  using Response = ResponseType;
  bool Write(const Request& request) { return rpc->Write(request); }
  bool Read(Response* response) { return rpc->Read(response); }
  void WritesDone() { rpc->WritesDone(); }
  grpc::Status Finish() { return rpc->Finish(); }
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> rpc;
};

absl::Status CutOff() { return absl::DataLossError("the stream ended without its last message"); }

}  // namespace

ChunkSource ChunksOf(const std::string& bytes, int chunk_bytes) {
  return [&bytes, chunk_bytes, offset = size_t{0}](std::string& chunk) mutable {
    if (offset >= bytes.size()) return false;
    chunk.assign(bytes, offset, static_cast<size_t>(chunk_bytes));
    offset += chunk.size();
    return true;
  };
}

absl::StatusOr<v1::EmbedResponse> EmbedStream(const Connection& connection,
                                              const v1::EmbedStreamConfig& config,
                                              const ChunkSource& source) {
  const auto stub = v1::InferenceService::NewStub(connection.channel);
  grpc::ClientContext context;
  SetDeadline(connection, context);
  Conversation<v1::EmbedStreamRequest, v1::EmbedStreamResponse> stream{
      stub->EmbedStream(Prepared(connection, context))};
  v1::EmbedResponse result;
  bool complete = false;
  const absl::Status status = Converse(stream, config, source, [&](v1::EmbedStreamResponse& response) {
    if (response.has_started()) result.mutable_model()->Swap(response.mutable_started());
    if (response.has_window()) result.add_windows()->Swap(response.mutable_window());
    if (response.has_final()) {
      complete = true;
      result.mutable_embedding()->Swap(response.mutable_final()->mutable_embedding());
      result.set_audio_seconds(response.final().audio_seconds());
      result.mutable_timings()->Swap(response.mutable_final()->mutable_timings());
      result.set_window_count(static_cast<int32_t>(response.final().window_count()));
    }
  });
  if (!status.ok()) return status;
  if (!complete) return CutOff();
  return result;
}

absl::StatusOr<v1::TagResponse> TagStream(const Connection& connection, const v1::TagStreamConfig& config,
                                          const ChunkSource& source) {
  const auto stub = v1::InferenceService::NewStub(connection.channel);
  grpc::ClientContext context;
  SetDeadline(connection, context);
  Conversation<v1::TagStreamRequest, v1::TagStreamResponse> stream{
      stub->TagStream(Prepared(connection, context))};
  v1::TagResponse result;
  bool complete = false;
  const absl::Status status = Converse(stream, config, source, [&](v1::TagStreamResponse& response) {
    if (response.has_started()) {
      result.mutable_model()->Swap(response.mutable_started()->mutable_model());
      result.set_tagger(response.started().tagger());
      result.mutable_tag_order()->Swap(response.mutable_started()->mutable_tag_order());
    }
    if (response.has_window()) result.add_windows()->Swap(response.mutable_window());
    if (response.has_final()) {
      complete = true;
      result.mutable_tags()->Swap(response.mutable_final()->mutable_tags());
      result.set_audio_seconds(response.final().audio_seconds());
      result.mutable_timings()->Swap(response.mutable_final()->mutable_timings());
      result.set_window_count(static_cast<int32_t>(response.final().window_count()));
    }
  });
  if (!status.ok()) return status;
  if (!complete) return CutOff();
  return result;
}

}  // namespace timbre::client
