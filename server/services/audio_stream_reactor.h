#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/audio/chunk_decoder.h"
#include "core/base/cancel_token.h"
#include "core/embed/embedder.h"
#include "core/embed/pooling.h"
#include "server/convert/inference_convert.h"
#include "server/rpc/call.h"
#include "server/rpc/guarded.h"
#include "server/rpc/stream_lease.h"
#include "server/services/phases.h"

namespace timbre::services {

// What the streams need of the service. Lifetime: the references outlive the calls.
struct StreamDependencies {
  embed::Embedder& embedder;
  const rpc::CallEnvironment& environment;
  std::filesystem::path spool_dir;
  int64_t max_encoded_bytes = 0;
};

// Of a whole stream, for its last answer.
struct StreamSummary {
  std::span<const float> mean;  // over its windows
  double audio_seconds = 0;
  int64_t windows = 0;
  const embed::Timings& timings;
};

// The reactor under EmbedStream and TagStream. One thing is under way at a time, so the states need no lock:
//   READ   a read is outstanding                        -> OnReadDone
//   WORK   on the decode pool: decode, take windows     -> Advance
//   ENCODE windows are with the batcher                 -> its callback
//   WRITE  answers go out one by one                    -> OnWriteDone
//   PAUSE  the client is over its quota of windows      -> the alarm
//   END    Finish was called                            -> OnDone deletes
// While windows are encoded and written nothing is read: gRPC's flow control holds the client back, and
// memory stays constant: a message, which counts in the server's budget, and a few windows. OnCancel only
// fires the token; whoever holds the state then ends the call.
//
// `Protocol` knows the messages:
//   using Request, Response;  static constexpr const char* kMethod;  static constexpr bool kTags;
//   static absl::StatusOr<registry::ModelSelector> Selector(const Config&);
//   static Response Started(const StreamModel&);  static Response Window(const StreamModel&, const
//   WindowSpan&, span<const float> embedding); static Response Final(const StreamModel&, const
//   StreamSummary&);
template <typename Protocol>
class AudioStreamReactor final
    : public grpc::ServerBidiReactor<typename Protocol::Request, typename Protocol::Response> {
 public:
  AudioStreamReactor(const StreamDependencies& deps, grpc::CallbackServerContext& context)
      : deps_(deps),
        record_(deps.environment, rpc::TimbrePath(Protocol::kMethod), context),
        caller_(record_.caller()),
        priority_(convert::ParsePriority(security::MetadataOf(context, "timbre-priority"))),
        deadline_(rpc::DeadlineOf(context, absl::InfiniteDuration())),
        lease_(context, cancel_, deps.environment.max_stream) {
    const absl::Status accepting = rpc::CheckAccepting(deps.environment, record_);
    if (accepting.ok()) {
      // One that is unknown is refused when the stream opens.
      meter_.emplace(deps_.embedder.MeterStream(priority_.value_or(embed::Priority::kInteractive)));
      this->StartRead(&request_);
    } else {
      End(accepting);
    }
  }

  void OnReadDone(bool ok) override {
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    if (!ok) {
      reads_ended_ = true;
      return Work([this] { return Close(); });
    }
    const absl::Status held = rpc::HoldMessage(deps_.environment, record_, request_, hold_);
    if (!held.ok()) return End(held);
    if (!decoder_) return Work([this] { return Open(); });
    Work([this] { return Push(); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the client went away"));
    answers_.pop_front();
    WriteOrAdvance();
  }

  void OnCancel() override {
    cancel_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
  }
  // A client's cancel ends what it sends before it is seen as a cancel, and what came is then too short, or
  // cut off: only now it is known why.
  void OnDone() override {
    if (!ended_.ok()) {
      const absl::Status cancelled = cancel_.token().Check();
      const bool by_cancel = reads_ended_ && absl::IsInvalidArgument(ended_) && !cancelled.ok();
      Report(by_cancel ? cancelled : ended_);
    }
    delete this;
  }

 private:
  static constexpr int64_t kWindowsAtOnce = 8;

  void End(const absl::Status& status) {
    if (mean_.has_value()) {
      record_.Note({"windows", mean_->count()});
      record_.Note({"audio_seconds", decoder_->audio_seconds()});
      NotePhases(meter_->timings(), record_);
    }
    ended_ = status;
    if (status.ok()) Report(status);
    this->Finish(record_.ToClient(status));
  }

  void Report(const absl::Status& status) {
    if (meter_) meter_->Ended(status);
    record_.Handled(status);
  }

  // Runs a step on the decode pool, then goes on; a bad status ends the call. Only the first step asks for a
  // place in the queue: a stream that was accepted is not refused half-way.
  template <typename Step>
  void Work(Step step) {
    DecodeBegins();
    base::Executor& pool = deps_.embedder.decode_pool();
    auto run = [this, step] {
      absl::Status status = cancel_.token().Check();
      if (status.ok()) status = rpc::Guarded(step);
      if (!status.ok()) return End(status);
      WriteOrAdvance();
    };
    const absl::Status scheduled = decoder_ ? pool.Continue(run) : pool.Schedule(run);
    if (!scheduled.ok()) End(scheduled);
  }

  // What is only spooled is not decoded yet.
  void DecodeBegins() {
    if (!encoded_ || closed_) meter_->DecodeBegins();
  }

  absl::Status Open() {
    if (!priority_.ok()) return priority_.status();
    if (!request_.has_config())
      return absl::InvalidArgumentError("the first message of the stream must be `config`");
    const auto& config = request_.config();
    absl::StatusOr<registry::ModelSelector> selector = Protocol::Selector(config);
    if (!selector.ok()) return selector.status();
    auto model = deps_.embedder.OpenStream(*selector, config.expect_space_id(), Protocol::kTags);
    if (!model.ok()) return model.status();
    meter_->OnModel(model->model->version.model);
    encoded_ = config.format().has_encoded();
    if (encoded_) {  // what came is kept in the spool until it is decoded
      auto place = quotas().BeginUpload(caller_.account);
      if (!place.ok()) return place.status();
      place_ = *std::move(place);
    }
    auto decoder = MakeDecoder(config.format());
    if (!decoder.ok()) return decoder.status();
    model_ = *std::move(model);
    decoder_ = *std::move(decoder);
    mean_.emplace(model_.model->encoder->embedding_dim());
    answers_.push_back(Protocol::Started(model_));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<audio::ChunkDecoder>> MakeDecoder(
      const v1::StreamAudioFormat& format) const {
    const audio::DecodeLimits& limits = deps_.embedder.limits();
    if (format.has_encoded())
      return audio::ChunkDecoder::ForEncoded(deps_.spool_dir, deps_.max_encoded_bytes, limits);
    if (!format.has_pcm())
      return absl::InvalidArgumentError("config.format is missing; set format.pcm or format.encoded");
    const auto pcm = convert::PcmFormatFromProto(format.pcm());
    if (!pcm.ok()) return pcm.status();
    return audio::ChunkDecoder::ForPcm(*pcm, limits);
  }

  absl::Status Push() {
    if (request_.has_config())
      return absl::InvalidArgumentError("`config` may only be the first message of the stream");
    absl::Status pushed = decoder_->Push(std::move(*request_.mutable_audio_chunk()));
    request_.Clear();  // the decoder has what it needs of it
    return pushed;
  }

  absl::Status Close() {
    if (!decoder_) return absl::InvalidArgumentError("the stream ended before its `config` message");
    closed_ = true;
    return decoder_->Close();
  }

  void WriteOrAdvance() {
    meter_->DecodeEnds();
    if (!answers_.empty()) return this->StartWrite(&answers_.front());
    if (final_sent_) return End(absl::OkStatus());
    if (const absl::Duration wait = quotas().Pace(caller_.account, 0); wait > absl::ZeroDuration())
      return Pause(wait);
    DecodeBegins();
    const absl::Status scheduled = deps_.embedder.decode_pool().Continue([this] { Advance(); });
    if (!scheduled.ok()) End(scheduled);
  }

  security::Quotas& quotas() const { return deps_.environment.gate.quotas(); }

  // In pieces of a second, so that a cancelled call does not stay for long.
  void Pause(absl::Duration wait) {
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(absl::ToChronoTime(absl::Now() + std::min(wait, absl::Seconds(1))), [this](bool) {
      const absl::Status scheduled = deps_.embedder.decode_pool().Continue([this] { WriteOrAdvance(); });
      if (!scheduled.ok()) End(scheduled);
    });
  }

  // Takes the windows that are ready to the batcher; without any, reads on or sends the final answer. An
  // error ends the call after the windows that came before it.
  void Advance() {
    std::vector<float> samples;
    spans_.clear();
    if (failed_.ok()) failed_ = cancel_.token().Check();
    if (failed_.ok()) failed_ = rpc::Guarded([&] { return TakeWindows(samples); });
    if (!spans_.empty()) return Encode(std::move(samples));
    if (!failed_.ok()) return End(failed_);
    if (!closed_) {
      meter_->DecodeEnds();
      hold_.Release();
      return this->StartRead(&request_);
    }
    const std::vector<float> mean = mean_->Mean();
    answers_.push_back(
        Protocol::Final(model_, {mean, decoder_->audio_seconds(), mean_->count(), meter_->timings()}));
    final_sent_ = true;
    WriteOrAdvance();
  }

  absl::Status TakeWindows(std::vector<float>& samples) {
    spans_.reserve(kWindowsAtOnce);  // once a window's samples are taken its span is, too
    while (static_cast<int64_t>(spans_.size()) < kWindowsAtOnce) {
      auto window = decoder_->Next();
      if (!window.ok()) return window.status();
      if (!window->has_value()) break;
      samples.insert(samples.end(), (*window)->samples.begin(), (*window)->samples.end());
      spans_.push_back((*window)->span);
    }
    return absl::OkStatus();
  }

  void Encode(std::vector<float> samples) {
    quotas().Pace(caller_.account, static_cast<int64_t>(spans_.size()));
    embed::Batcher::Work work{std::move(samples),
                              static_cast<int64_t>(spans_.size()),
                              {caller_.client, *priority_, caller_.account},
                              deadline_,
                              cancel_.token()};
    meter_->Submitted();
    const absl::Status submitted = deps_.embedder.SubmitWindows(
        model_, std::move(work), [this](const absl::StatusOr<embed::Batcher::Result>& result) {
          if (!result.ok()) return End(result.status());
          meter_->Encoded(result->infer_time);
          const auto dim = result->embeddings.size() / spans_.size();
          for (size_t i = 0; i < spans_.size(); ++i) {
            const auto embedding = std::span(result->embeddings).subspan(i * dim, dim);
            mean_->Add(embedding);
            answers_.push_back(Protocol::Window(model_, spans_[i], embedding));
          }
          const double end_seconds = spans_.back().end_seconds();
          meter_->Answered(end_seconds - std::exchange(answered_seconds_, end_seconds));
          WriteOrAdvance();
        });
    if (!submitted.ok()) End(submitted);
  }

  const StreamDependencies deps_;
  rpc::CallRecord record_;
  const security::Caller caller_;
  const absl::StatusOr<embed::Priority> priority_;
  const absl::Time deadline_;
  base::CancelSource cancel_;
  rpc::StreamLease lease_;
  std::unique_ptr<grpc::Alarm> alarm_;
  std::shared_ptr<void> place_;  // among the client's uploads
  rpc::ByteBudget::Hold hold_;   // of the last message, until no window is left in it
  typename Protocol::Request request_;
  std::deque<typename Protocol::Response> answers_;  // the front one is being written
  embed::Embedder::StreamModel model_;
  std::unique_ptr<audio::ChunkDecoder> decoder_;  // set by the config message
  std::optional<embed::RunningMean> mean_;
  std::optional<embed::StreamMeter> meter_;  // of a call that was accepted
  std::vector<audio::WindowSpan> spans_;     // of the windows that are with the batcher
  double answered_seconds_ = 0;              // the end of the last window before those
  absl::Status failed_;                      // what kept more windows from coming
  absl::Status ended_;                       // what the call was finished with
  bool encoded_ = false;
  bool reads_ended_ = false;  // by the client, or since it is gone
  bool closed_ = false;       // the client has closed its side
  bool final_sent_ = false;
};

}  // namespace timbre::services
