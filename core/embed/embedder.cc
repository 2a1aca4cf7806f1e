#include "core/embed/embedder.h"

#include <algorithm>
#include <utility>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/embed/admission.h"
#include "core/embed/batcher_pool.h"
#include "core/embed/embed_call.h"

namespace timbre::embed {

namespace {

// Lets admission learn from each batch how long a window takes.
class Learning final : public Observer {
 public:
  Learning(Admission& admission, Observer* next) : admission_(admission), next_(next) {}

  void OnBatch(int64_t windows, absl::Duration infer) override {
    admission_.OnBatch(windows, infer);
    if (next_ != nullptr) next_->OnBatch(windows, infer);
  }

 private:
  Admission& admission_;
  Observer* const next_;
};

Batcher::Options Observed(Batcher::Options options, Observer& observer) {
  options.observer = &observer;
  return options;
}

}  // namespace

class Embedder::Impl {
 public:
  Impl(registry::ModelRegistry& registry, const Options& options)
      : registry_(registry),
        options_(options),
        clock_(options.batcher.clock != nullptr ? *options.batcher.clock : base::Clock::System()),
        admission_(options.queue_capacity_windows),
        learning_(admission_, options.batcher.observer),
        batchers_(Observed(options.batcher, learning_)),
        pool_(base::ThreadPool::Start({.name = "decode pool",
                                       .threads = options.decode_threads,
                                       .queue_capacity = options.decode_queue_capacity,
                                       .clock = &clock_})) {}

  ~Impl() { Stop(); }

  void Embed(EmbedRequest request, Done done) {
    {
      base::MutexLock lock(mutex_);
      ++in_flight_;
    }
    const EmbedCall::Rooms rooms{registry_, admission_, batchers_, *pool_, clock_, options_};
    std::make_shared<EmbedCall>(rooms, std::move(request), std::move(done), [this] { OnEnded(); })->Start();
  }

  absl::StatusOr<StreamModel> OpenStream(const registry::ModelSelector& model,
                                         const std::string& expect_space_id, bool tags) {
    return AcquireChecked(registry_, model, expect_space_id, tags);
  }

  absl::Status SubmitWindows(const StreamModel& model, Batcher::Work work, Batcher::Done done) {
    TIMBRE_ASSIGN_OR_RETURN(const std::shared_ptr<Batcher> batcher, batchers_.For(model.model));
    auto place = std::make_shared<Admission::Place>(admission_.EnterUnrefused(work.count, work.caller));
    return batcher->Submit(std::move(work),
                           [place, done = std::move(done)](absl::StatusOr<Batcher::Result> result) {
                             place->GiveBack(place->windows());
                             done(std::move(result));
                           });
  }

  Load load() const {
    return {.windows_inside = admission_.windows_inside(),
            .interactive = batchers_.waiting(Priority::kInteractive),
            .bulk = batchers_.waiting(Priority::kBulk),
            .oldest_decode_wait = pool_->oldest_wait(),
            .expected_wait = admission_.expected_wait()};
  }

  StreamMeter MeterStream(Priority priority) const { return {clock_, options_.batcher.observer, priority}; }

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
  Admission admission_;
  Learning learning_;
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

absl::Status Embedder::SubmitWindows(const StreamModel& model, Batcher::Work work, Batcher::Done done) {
  return impl_->SubmitWindows(model, std::move(work), std::move(done));
}

StreamMeter Embedder::MeterStream(Priority priority) const { return impl_->MeterStream(priority); }

Load Embedder::load() const { return impl_->load(); }

base::Executor& Embedder::decode_pool() { return impl_->pool(); }

void Embedder::ReleaseUnused() { impl_->batchers().ReleaseUnused(); }

void Embedder::Forget(const std::string& model, int64_t version) { impl_->batchers().Forget(model, version); }

void Embedder::Stop() { impl_->Stop(); }

}  // namespace timbre::embed
