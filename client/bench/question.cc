#include "client/bench/question.h"

#include <timbre/v1/inference_service.pb.h>

#include <random>
#include <utility>

#include "client/folder.h"

namespace timbre::bench {
namespace {

constexpr int kRateHz = 22050;
constexpr size_t kWindowSamples = 59049;

v1::Audio Noise(int windows) {
  std::mt19937 random(1);
  std::string bytes(static_cast<size_t>(windows) * kWindowSamples * sizeof(int16_t), '\0');
  // The low byte is all noise, the high one a quarter of the range.
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const auto sample = static_cast<int16_t>(static_cast<int32_t>(random() >> 18) - (1 << 13));
    bytes[i] = static_cast<char>(sample & 0xFF);
    bytes[i + 1] = static_cast<char>(sample >> 8);
  }
  v1::Audio audio;
  audio.mutable_pcm()->set_samples(std::move(bytes));
  audio.mutable_pcm()->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_INT16);
  audio.mutable_pcm()->mutable_format()->set_sample_rate_hz(kRateHz);
  return audio;
}

template <typename Request>
std::string Serialise(const v1::Audio& audio, const std::string& model) {
  Request request;
  *request.mutable_audio() = audio;
  request.set_model(model);
  return request.SerializeAsString();
}

float Ms(const google::protobuf::Duration& duration) {
  return static_cast<float>(static_cast<double>(duration.seconds()) * 1e3 + duration.nanos() * 1e-6);
}

template <typename Response>
absl::Status Read(const std::string& bytes, Reply& reply) {
  Response response;
  if (!response.ParseFromString(bytes)) {
    return absl::DataLossError("the answer cannot be read; are timbre and timbred of one version?");
  }
  const v1::Timings& timings = response.timings();
  reply.windows = response.window_count();
  reply.audio_seconds = static_cast<float>(response.audio_seconds());
  reply.phases = {.decode_ms = Ms(timings.decode()),
                  .queue_ms = Ms(timings.queue()),
                  .infer_ms = Ms(timings.infer()),
                  .total_ms = Ms(timings.total())};
  reply.model_version = response.model().model_version();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Question> MakeQuestion(const QuestionOptions& options) {
  std::vector<v1::Audio> clips;
  for (const std::string& path : options.paths) {
    absl::StatusOr<std::string> bytes = client::ReadFile(path);
    if (!bytes.ok()) return bytes.status();
    clips.emplace_back().set_encoded(*std::move(bytes));
  }
  if (clips.empty()) clips.push_back(Noise(options.windows));
  Question question;
  question.method = options.tag ? "/timbre.v1.InferenceService/Tag" : "/timbre.v1.InferenceService/Embed";
  for (const v1::Audio& audio : clips) {
    question.requests.push_back(options.tag ? Serialise<v1::TagRequest>(audio, options.model)
                                            : Serialise<v1::EmbedRequest>(audio, options.model));
  }
  question.read = options.tag ? Read<v1::TagResponse> : Read<v1::EmbedResponse>;
  return question;
}

}  // namespace timbre::bench
