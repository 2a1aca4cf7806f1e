#include "core/embed/embed_call.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/audio/resampler.h"
#include "core/base/status_macros.h"
#include "core/embed/pooling.h"

namespace timbre::embed {
namespace {

// One in the engine, one ready to follow.
constexpr int kPiecesInFlight = 2;

struct Decoder {
  const audio::DecodeLimits& limits;

  absl::StatusOr<audio::Waveform> operator()(const EncodedAudio& audio) const {
    return audio::DecodeBytesTo22050(std::as_bytes(std::span(audio.bytes)), limits);
  }
  absl::StatusOr<audio::Waveform> operator()(const PcmAudio& audio) const {
    TIMBRE_ASSIGN_OR_RETURN(audio::Waveform waveform,
                            audio::DecodePcm(std::as_bytes(std::span(audio.bytes)), audio.format, limits));
    return audio::ResampleTo22050(std::move(waveform));
  }
};

// How many windows a request will have, as far as can be seen from outside: a file's from its bytes, as if
// they were the samples, so that those bound the memory of what waits for a decoder.
struct WindowGuess {
  const Embedder::Options& options;

  int64_t operator()(const EncodedAudio& audio) const {
    const int64_t windows =
        Windows(static_cast<double>(audio.bytes.size()) / sizeof(int16_t), audio::kSampleRateHz);
    return std::min(windows, std::max<int64_t>(1, options.queue_capacity_windows / 8));
  }
  int64_t operator()(const PcmAudio& audio) const {
    const audio::PcmFormat& format = audio.format;
    if (format.sample_rate_hz < options.limits.min_sample_rate_hz || format.channels < 1)
      return 1;  // refused later
    const double sample_bytes = format.sample_format == audio::SampleFormat::kFloat32 ? 4 : 2;
    return Windows(static_cast<double>(audio.bytes.size()) / sample_bytes / format.channels,
                   format.sample_rate_hz);
  }
  // As many as PlanWindows has.
  static int64_t Windows(double frames, double rate_hz) {
    const double samples = frames / rate_hz * audio::kSampleRateHz;
    return std::max<int64_t>(
        1, static_cast<int64_t>(std::ceil(samples / static_cast<double>(audio::kWindowSamples))));
  }
};

absl::Status CheckSpace(const registry::Version& version, const std::string& expected) {
  if (expected.empty() || expected == version.space_id) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the embedding space of version ", version.version, " of model '", version.model, "' is ",
                   version.space_id, ", the request expects ", expected,
                   "; name the version that made your embeddings, or embed them anew"));
}

// Whether a request is decoded in microseconds: about a window of samples, at the rate of the model.
bool IsDecodedAtOnce(const AudioInput& audio) {
  const PcmAudio* pcm = std::get_if<PcmAudio>(&audio);
  return pcm != nullptr && pcm->format.sample_rate_hz == audio::kSampleRateHz && pcm->format.channels == 1 &&
         pcm->bytes.size() <= 2 * sizeof(float) * static_cast<size_t>(audio::kWindowSamples);
}

}  // namespace

absl::StatusOr<Embedder::StreamModel> AcquireChecked(registry::ModelRegistry& registry,
                                                     const registry::ModelSelector& selector,
                                                     const std::string& expect_space_id, bool tags) {
  Embedder::StreamModel acquired;
  TIMBRE_ASSIGN_OR_RETURN(acquired.model, registry.Acquire(selector));
  TIMBRE_RETURN_IF_ERROR(CheckSpace(acquired.model->version, expect_space_id));
  if (tags) {
    TIMBRE_ASSIGN_OR_RETURN(acquired.tagger, registry.AcquireTagger(*acquired.model, selector.tagger));
  }
  return acquired;
}

EmbedCall::EmbedCall(const Rooms& rooms, EmbedRequest request, Embedder::Done done,
                     std::function<void()> ended)
    : rooms_(rooms),
      request_(std::move(request)),
      done_(std::move(done)),
      ended_(std::move(ended)),
      start_(rooms.clock.Now()) {}

void EmbedCall::Start() {
  if (rooms_.options.charge) {  // who is over its quota gets nothing decoded
    if (const absl::Status status = rooms_.options.charge(request_.caller.account, 0); !status.ok())
      return End(status);
  }
  const int64_t windows = std::visit(WindowGuess{rooms_.options}, request_.audio);
  absl::StatusOr<Admission::Place> place =
      rooms_.admission.Enter({windows, request_.caller, request_.deadline - start_});
  if (!place.ok()) return End(place.status());
  {
    base::MutexLock lock(mutex_);
    place_ = *std::move(place);
  }
  if (TakeLoadedModel()) return Run();
  const absl::Status scheduled = rooms_.pool.Schedule([self = shared_from_this()] { self->Run(); });
  if (!scheduled.ok()) End(scheduled);
}

bool EmbedCall::TakeLoadedModel() {
  if (request_.tags || !IsDecodedAtOnce(request_.audio)) return false;
  loaded_ = rooms_.registry.AcquireLoaded(request_.model);
  return loaded_ != nullptr;
}

void EmbedCall::Run() {
  if (absl::Status status = Prepare(); !status.ok()) return End(status);
  for (int i = 0; i < kPiecesInFlight; ++i) SubmitPiece();
}

absl::Status EmbedCall::CheckAlive() const {
  TIMBRE_RETURN_IF_ERROR(request_.cancel.Check());
  if (request_.deadline > rooms_.clock.Now()) return absl::OkStatus();
  return absl::DeadlineExceededError("the deadline passed before the audio was decoded");
}

absl::Status EmbedCall::Prepare() {
  TIMBRE_RETURN_IF_ERROR(CheckAlive());
  Embedder::StreamModel acquired{std::move(loaded_), nullptr};
  if (acquired.model != nullptr) {
    TIMBRE_RETURN_IF_ERROR(CheckSpace(acquired.model->version, request_.expect_space_id));
  } else {
    TIMBRE_ASSIGN_OR_RETURN(
        acquired, AcquireChecked(rooms_.registry, request_.model, request_.expect_space_id, request_.tags));
  }
  TIMBRE_RETURN_IF_ERROR(CheckAlive());
  TIMBRE_ASSIGN_OR_RETURN(audio::Waveform waveform,
                          std::visit(Decoder{rooms_.options.limits}, request_.audio));
  request_.audio = EncodedAudio{};
  samples_ = std::move(waveform.samples);
  TIMBRE_ASSIGN_OR_RETURN(result_.windows, audio::PlanWindows(static_cast<int64_t>(samples_.size())));
  total_windows_ = static_cast<int64_t>(result_.windows.size());
  if (rooms_.options.charge) {
    TIMBRE_RETURN_IF_ERROR(rooms_.options.charge(request_.caller.account, total_windows_));
  }

  result_.model = std::move(acquired.model);
  result_.tagger = std::move(acquired.tagger);
  result_.dim = result_.model->encoder->embedding_dim();
  result_.window_embeddings.resize(result_.windows.size() * static_cast<size_t>(result_.dim));
  result_.audio_seconds = static_cast<double>(samples_.size()) / audio::kSampleRateHz;
  prepared_ = rooms_.clock.Now();
  result_.timings.decode = prepared_ - start_;
  base::MutexLock lock(mutex_);
  missing_windows_ = total_windows_;
  return place_.Resize(total_windows_);
}

void EmbedCall::SubmitPiece() {
  int64_t first = 0;
  int64_t count = 0;
  {
    base::MutexLock lock(mutex_);
    if (has_ended_ || next_window_ == total_windows_) return;
    first = next_window_;
    count = std::min(rooms_.options.batcher.limits.max_batch_windows, total_windows_ - first);
    next_window_ += count;
  }
  const absl::Status submitted = Submit(first, count);
  if (!submitted.ok()) End(submitted);
}

absl::Status EmbedCall::Submit(int64_t first, int64_t count) {
  const auto window_size = static_cast<size_t>(audio::kWindowSamples);
  std::vector<float> windows(static_cast<size_t>(count) * window_size);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    audio::CopyWindow(samples_, result_.windows[static_cast<size_t>(first) + i],
                      std::span(windows).subspan(i * window_size, window_size));
  }
  TIMBRE_ASSIGN_OR_RETURN(const std::shared_ptr<Batcher> batcher, rooms_.batchers.For(result_.model));
  return batcher->Submit({std::move(windows), count, request_.caller, request_.deadline, request_.cancel},
                         [self = shared_from_this(), first, count](absl::StatusOr<Batcher::Result> result) {
                           self->OnPiece(first, count, std::move(result));
                         });
}

void EmbedCall::OnPiece(int64_t first, int64_t count, absl::StatusOr<Batcher::Result> result) {
  if (!result.ok()) return End(result.status());
  bool complete = false;
  {
    base::MutexLock lock(mutex_);
    if (has_ended_) return;
    std::copy(result->embeddings.begin(), result->embeddings.end(),
              result_.window_embeddings.begin() + first * result_.dim);
    result_.timings.infer += result->infer_time;
    missing_windows_ -= count;
    place_.GiveBack(count);
    complete = missing_windows_ == 0;
  }
  if (count == total_windows_) return Complete();  // little work: no detour
  RunOnPool([self = shared_from_this(), complete] { complete ? self->Complete() : self->SubmitPiece(); });
}

void EmbedCall::Complete() {
  const auto dim = static_cast<size_t>(result_.dim);
  const absl::Duration in_batcher = rooms_.clock.Now() - prepared_;
  result_.timings.queue = std::max(absl::ZeroDuration(), in_batcher - result_.timings.infer);
  result_.clip_embedding = MeanOverWindows(result_.window_embeddings, total_windows_, result_.dim);
  if (result_.tagger != nullptr) {
    result_.clip_scores = result_.tagger->Score(result_.clip_embedding);
    for (std::span<const float> rest = result_.window_embeddings; !rest.empty(); rest = rest.subspan(dim)) {
      const std::vector<float> scores = result_.tagger->Score(rest.first(dim));
      result_.window_scores.insert(result_.window_scores.end(), scores.begin(), scores.end());
    }
  }
  if (request_.encode) request_.encode(result_);
  result_.timings.encode = rooms_.clock.Now() - prepared_ - in_batcher;
  End(absl::OkStatus());
}

void EmbedCall::End(const absl::Status& status) {
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(has_ended_, true)) return;
    place_ = {};
  }
  result_.timings.total = rooms_.clock.Now() - start_;
  if (Observer* observer = rooms_.options.batcher.observer; observer != nullptr) {
    static const std::string* const kNone = new std::string;
    const std::string& model = result_.model != nullptr ? result_.model->version.model : *kNone;
    if (status.ok()) {
      observer->OnAnswer({result_.timings, result_.audio_seconds, model, request_.caller.priority});
    }
    observer->OnEnd(status, model);
  }
  if (status.ok()) {
    done_(std::move(result_));
  } else {
    done_(status);
  }
  ended_();
}

void EmbedCall::RunOnPool(std::function<void()> function) {
  auto shared = std::make_shared<std::function<void()>>(std::move(function));
  if (!rooms_.pool.Schedule([shared] { (*shared)(); }).ok()) (*shared)();
}

}  // namespace timbre::embed
