#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/mutex.h"
#include "core/embed/admission.h"
#include "core/embed/batcher_pool.h"
#include "core/embed/embedder.h"

namespace timbre::embed {

// Resolves a request's model and tagger. Errors: as ModelRegistry::Acquire and AcquireTagger;
// kFailedPrecondition the space id is another.
absl::StatusOr<Embedder::StreamModel> AcquireChecked(registry::ModelRegistry& registry,
                                                     const registry::ModelSelector& selector,
                                                     const std::string& expect_space_id, bool tags);

// One request on its way through the embedder:
//   Start: admission -> (pool; at once where that takes microseconds) Prepare: model, decode, plan windows ->
//   SubmitPiece ... OnPiece ... until all windows are embedded -> Complete: pool, score -> End: tell observer
//   and caller.
// Threads: Start from any; afterwards it runs on the decode pool and on the batcher's thread.
// Lifetime: keeps itself alive until End; what Rooms refers to must outlive it.
class EmbedCall : public std::enable_shared_from_this<EmbedCall> {
 public:
  struct Rooms {
    registry::ModelRegistry& registry;
    Admission& admission;
    BatcherPool& batchers;
    base::Executor& pool;
    const base::Clock& clock;
    const Embedder::Options& options;
  };

  // `ended` is called last of all.
  EmbedCall(const Rooms& rooms, EmbedRequest request, Embedder::Done done, std::function<void()> ended);

  void Start();

 private:
  void Run();
  absl::Status Prepare();
  bool TakeLoadedModel();
  absl::Status CheckAlive() const;
  void SubmitPiece();
  absl::Status Submit(int64_t first, int64_t count);
  void OnPiece(int64_t first, int64_t count, absl::StatusOr<Batcher::Result> result);
  void Complete();
  void End(const absl::Status& status);

  // Runs it on the pool, to spare the batcher's thread; here if the pool takes no more.
  void RunOnPool(std::function<void()> function);

  const Rooms rooms_;
  EmbedRequest request_;
  Embedder::Done done_;
  std::function<void()> ended_;
  const absl::Time start_;
  std::shared_ptr<const registry::LoadedModel> loaded_;  // of a request that needs no thread of the pool

  // Set by Prepare, then constant.
  std::vector<float> samples_;  // the clip, mono at 22,050 Hz
  int64_t total_windows_ = 0;
  absl::Time prepared_;

  base::Mutex mutex_;
  EmbedResult result_;  // its embeddings and timings change under the mutex, until the call is complete
  int64_t next_window_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t missing_windows_ ABSL_GUARDED_BY(mutex_) = 0;
  Admission::Place place_ ABSL_GUARDED_BY(mutex_);
  bool has_ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace timbre::embed
