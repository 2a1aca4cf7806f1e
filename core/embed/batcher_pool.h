#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/executor.h"
#include "core/base/mutex.h"
#include "core/embed/batcher.h"
#include "core/registry/model_registry.h"

namespace timbre::embed {

// One batcher per loaded version. A batcher whose version nobody holds any more (the registry evicted it and
// no call uses it) is ended by ReleaseUnused, or when the next one is asked for, so that its encoder's memory
// is freed: on a thread of the pool, for no call should wait until it is. Threads: safe. ReleaseUnused,
// Forget and Stop may join batcher threads, so not from their callbacks.
class BatcherPool {
 public:
  explicit BatcherPool(const Batcher::Options& options);
  ~BatcherPool() { Stop(); }

  // Starts the batcher if it is the first call for this model (again after Forget: whoever holds a deleted
  // version may finish with it). Errors: kUnavailable stopped.
  absl::StatusOr<std::shared_ptr<Batcher>> For(const std::shared_ptr<const registry::LoadedModel>& model);

  // Lets the batchers end whose versions nobody holds any more.
  void ReleaseUnused();

  // Ends the batchers of a version, after what they have accepted.
  void Forget(const std::string& model, int64_t version);

  // Ends all, after what they have accepted. Idempotent.
  void Stop();

  size_t size() const;

  // Of all batchers together.
  Waiting waiting(Priority priority) const;

 private:
  struct Entry {
    std::weak_ptr<const registry::LoadedModel> model;
    std::string model_id;
    int64_t version = 0;
    std::shared_ptr<Batcher> batcher;
  };

  // Takes the entries out for which `ended` holds.
  template <typename Predicate>
  std::vector<Entry> Remove(Predicate ended) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLater(std::vector<Entry> entries);

  const Batcher::Options options_;
  mutable base::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<base::ThreadPool> endings_;
};

}  // namespace timbre::embed
