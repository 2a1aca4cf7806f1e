#include "core/embed/embedder.h"

#include <utility>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/embed/batcher_pool.h"
#include "core/embed/embed_call.h"

namespace timbre::embed {

class Embedder::Impl {
 public:
  Impl(registry::ModelRegistry& registry, const Options& options)
      : registry_(registry),
        options_(options),
        clock_(options.batcher.clock != nullptr ? *options.batcher.clock : base::Clock::System()),
        batchers_(options.batcher),
        pool_(base::ThreadPool::Start({.name = "decode pool",
                                       .threads = options.decode_threads,
                                       .queue_capacity = options.decode_queue_capacity})) {}

  ~Impl() { Stop(); }

  void Embed(EmbedRequest request, Done done) {
    {
      base::MutexLock lock(mutex_);
      ++in_flight_;
    }
    const EmbedCall::Rooms rooms{registry_, batchers_, *pool_, clock_, options_};
    std::make_shared<EmbedCall>(rooms, std::move(request), std::move(done), [this] { OnEnded(); })->Start();
  }

  absl::StatusOr<StreamModel> OpenStream(const registry::ModelSelector& model,
                                         const std::string& expect_space_id, bool tags) {
    return AcquireChecked(registry_, model, expect_space_id, tags);
  }

  BatcherPool& batchers() { return batchers_; }
  base::Executor& pool() { return *pool_; }

  void Stop() {
    pool_->Stop();
    {
      base::MutexLock lock(mutex_);
      while (in_flight_ > 0) all_ended_.Wait(mutex_);
    }
    batchers_.Stop();
  }

 private:
  void OnEnded() {
    base::MutexLock lock(mutex_);
    if (--in_flight_ == 0) all_ended_.NotifyAll();
  }

  registry::ModelRegistry& registry_;
  const Options& options_;
  const base::Clock& clock_;
  BatcherPool batchers_;
  base::Mutex mutex_;
  base::Condition all_ended_;
  int64_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<base::ThreadPool> pool_;
};

Embedder::Embedder(registry::ModelRegistry& registry, Options options)
    : options_(std::move(options)), impl_(std::make_unique<Impl>(registry, options_)) {}

Embedder::~Embedder() = default;

void Embedder::Embed(EmbedRequest request, Done done) { impl_->Embed(std::move(request), std::move(done)); }

absl::StatusOr<Embedder::StreamModel> Embedder::OpenStream(const registry::ModelSelector& model,
                                                           const std::string& expect_space_id, bool tags) {
  return impl_->OpenStream(model, expect_space_id, tags);
}

absl::Status Embedder::SubmitWindows(const StreamModel& model, std::vector<float> windows, int64_t count,
                                     absl::Time deadline, base::CancelToken cancel, Batcher::Done done) {
  TIMBRE_ASSIGN_OR_RETURN(const std::shared_ptr<Batcher> batcher, impl_->batchers().For(model.model));
  return batcher->Submit(std::move(windows), count, deadline, std::move(cancel), std::move(done));
}

base::Executor& Embedder::decode_pool() { return impl_->pool(); }

void Embedder::Forget(const std::string& model, int64_t version) { impl_->batchers().Forget(model, version); }

void Embedder::Stop() { impl_->Stop(); }

}  // namespace timbre::embed
