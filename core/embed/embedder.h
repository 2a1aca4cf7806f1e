#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/audio/decoder.h"
#include "core/audio/windows.h"
#include "core/base/cancel_token.h"
#include "core/base/executor.h"
#include "core/embed/batcher.h"
#include "core/embed/caller.h"
#include "core/embed/observer.h"
#include "core/embed/stream_meter.h"
#include "core/registry/model_registry.h"

namespace timbre::embed {

// Audio of a request: encoded bytes of any allowed format, or raw PCM. Lifetime: the bytes outlive the
// request.
struct EncodedAudio {
  std::string_view bytes;
};
struct PcmAudio {
  std::string_view bytes;
  audio::PcmFormat format;
};
using AudioInput = std::variant<EncodedAudio, PcmAudio>;

struct EmbedResult;

struct EmbedRequest {
  AudioInput audio;  // looked at until `done` is called
  Caller caller;
  registry::ModelSelector model;
  std::string expect_space_id;  // empty: any
  bool tags = false;            // also score with the tagger
  absl::Time deadline = absl::InfiniteFuture();
  base::CancelToken cancel;
  // Makes the caller's answer of the result, before `done`; timed as phase `encode`. May be null. Must not
  // block.
  std::function<void(const EmbedResult&)> encode;
};

struct EmbedResult {
  std::shared_ptr<const registry::LoadedModel> model;
  std::shared_ptr<const registry::LoadedTagger> tagger;  // null unless tags were asked for
  std::vector<audio::WindowSpan> windows;
  int64_t dim = 0;
  std::vector<float> window_embeddings;  // [windows, dim]
  std::vector<float> clip_embedding;     // [dim], mean over windows
  std::vector<float> clip_scores;        // [tags], of the clip embedding
  std::vector<float> window_scores;      // [windows, tags], of each window's embedding
  double audio_seconds = 0;
  Timings timings;
};

// Requests -> admission -> decode pool -> batcher of the model -> pooled answers. Used by the unary RPCs, and
// window by window by the streams. A long clip is handed to the batcher in pieces of a batch, two at a time,
// so that memory stays near the decoded clip's and short requests get their turn between. Threads: safe.
// Lifetime: outlive all calls; Stop first.
class Embedder {
 public:
  struct Options {
    audio::DecodeLimits limits;
    Batcher::Options batcher;
    int64_t queue_capacity_windows = 4096;  // inside at a time (Admission)
    int decode_threads = 1;
    size_t decode_queue_capacity = 256;
    // Asked once a request's windows are known, before any is encoded; an error ends the request. Streams pay
    // in another way.
    std::function<absl::Status(const std::string& account, int64_t windows)> charge = nullptr;
  };

  Embedder(registry::ModelRegistry& registry, Options options);
  ~Embedder();

  // `done` is called exactly once, on a pool or batcher thread, or here when the request fails at once; it
  // must not block, nor call Forget or Stop. Errors: as Acquire, the decoder and the batcher;
  //   kResourceExhausted full: told before any work is done where the request's size shows, else after
  //   decoding · kFailedPrecondition the space id is another (both are named) · kUnavailable stopped ·
  //   kDeadlineExceeded and the token's status, looked at before each phase and batch.
  using Done = std::function<void(absl::StatusOr<EmbedResult>)>;
  void Embed(EmbedRequest request, Done done);

  // For streams: the model and tagger (checked), then windows one by one.
  struct StreamModel {
    std::shared_ptr<const registry::LoadedModel> model;
    std::shared_ptr<const registry::LoadedTagger> tagger;  // null unless tags were asked for
  };
  // Loads if need be, so: not on a gRPC thread. Errors: as above. A stream that was opened is held back by
  // flow control and never refused for a full queue.
  absl::StatusOr<StreamModel> OpenStream(const registry::ModelSelector& model,
                                         const std::string& expect_space_id, bool tags);
  absl::Status SubmitWindows(const StreamModel& model, Batcher::Work work, Batcher::Done done);
  // By which the stream tells the observer what it did. Lifetime: the embedder outlives it.
  StreamMeter MeterStream(Priority priority) const;

  Load load() const;

  // The pool for decoding: streams decode there too.
  base::Executor& decode_pool();

  const audio::DecodeLimits& limits() const { return options_.limits; }

  // Frees what served versions that nobody holds any more. May take as long as their last batch.
  void ReleaseUnused();

  // Ends the batcher of a version that was deleted, after what it has accepted.
  void Forget(const std::string& model, int64_t version);

  // Accepts no more, finishes what is in flight, joins. Idempotent.
  void Stop();

 private:
  class Impl;
  const Options options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::embed
