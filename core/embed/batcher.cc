#include "core/embed/batcher.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/embed/ledger.h"

namespace timbre::embed {
namespace {

struct Request {
  Request(Batcher::Work of, Batcher::Done then) : work(std::move(of)), done(std::move(then)) {}

  int64_t rest() const { return work.count - taken; }

  const Batcher::Work work;
  const Batcher::Done done;
  int64_t taken = 0;  // windows that went into batches
  absl::Time enqueue_time;
  Batcher::Result result;
};
using RequestPtr = std::shared_ptr<Request>;

// Consecutive windows of one request, in a batch.
struct Piece {
  RequestPtr request;
  int64_t begin = 0;
  int64_t windows = 0;
};

struct Failure {
  RequestPtr request;
  absl::Status status;
};

// What the thread does next; all empty: the queue was stopped and is drained.
struct Step {
  std::vector<Failure> failures;
  std::vector<Piece> batch;
};

int64_t CountWindows(const std::vector<Piece>& batch) {
  int64_t windows = 0;
  for (const Piece& piece : batch) windows += piece.windows;
  return windows;
}

absl::Status Expired() {
  return absl::DeadlineExceededError("the deadline passed before all windows were encoded");
}

}  // namespace

class Batcher::Impl {
 public:
  Impl(std::shared_ptr<engine::Encoder> encoder, const Options& options)
      : encoder_(std::move(encoder)),
        options_(options),
        clock_(options.clock != nullptr ? *options.clock : base::Clock::System()),
        window_size_(static_cast<size_t>(encoder_->window_samples())),
        dim_(static_cast<size_t>(encoder_->embedding_dim())),
        thread_([this] { Run(); }) {}

  ~Impl() { Stop(); }

  absl::Status Submit(RequestPtr request) {
    const Work& work = request->work;
    if (work.count < 1 || work.windows.size() != static_cast<size_t>(work.count) * window_size_) {
      return absl::InvalidArgumentError(absl::StrCat(work.windows.size(), " samples are not ", work.count,
                                                     " windows of ", window_size_,
                                                     "; at least one whole window is needed"));
    }
    if (absl::Status status = work.cancel.Check(); !status.ok()) return status;
    base::MutexLock lock(mutex_);
    request->enqueue_time = clock_.Now();
    if (stopping_) return absl::UnavailableError("the batcher has stopped");
    if (work.deadline <= request->enqueue_time) return Expired();
    ledger_.Enter(work.caller.client);
    queue_.push_back(std::move(request));
    changed_.NotifyOne();
    return absl::OkStatus();
  }

  void Stop() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyOne();
    }
    base::MutexLock lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  Waiting waiting(Priority priority) const {
    base::MutexLock lock(mutex_);
    Waiting waiting;
    for (const RequestPtr& request : queue_) {  // in order of enqueue_time
      if (request->work.caller.priority != priority) continue;
      if (waiting.windows == 0) waiting.oldest = clock_.Now() - request->enqueue_time;
      waiting.windows += request->rest();
    }
    return waiting;
  }

 private:
  void Run() {
    for (;;) {
      Step step = NextStep();
      if (step.failures.empty() && step.batch.empty()) return;
      for (Failure& failure : step.failures) failure.request->done(std::move(failure.status));
      if (!step.batch.empty()) RunBatch(step.batch);
    }
  }

  // Blocks until there is something to do.
  Step NextStep() {
    base::MutexLock lock(mutex_);
    for (;;) {
      Step step;
      TakeCancelled(step);
      BatchLimits limits = options_.limits;
      if (stopping_) limits.max_wait = absl::ZeroDuration();
      const absl::Time now = clock_.Now();
      std::vector<int64_t> served;
      const std::vector<PendingRequest> pending = Pending(served);
      const BatchDecision decision = DecideBatch(pending, std::move(served), limits, now);
      Take(decision, now, step);
      if (!step.failures.empty() || !step.batch.empty()) return step;
      if (stopping_ && queue_.empty()) return step;
      changed_.WaitFor(mutex_, decision.wake_at ? *decision.wake_at - now : absl::InfiniteDuration());
    }
  }

  std::vector<PendingRequest> Pending(std::vector<int64_t>& served) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    served = ledger_.Number();
    std::vector<PendingRequest> pending;
    pending.reserve(queue_.size());
    for (const RequestPtr& request : queue_) {
      const Caller& caller = request->work.caller;
      pending.push_back({request->rest(), request->enqueue_time, request->work.deadline, caller.priority,
                         ledger_.NumberOf(caller.client)});
    }
    return pending;
  }

  void TakeCancelled(Step& step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const RequestPtr& request : queue_) {
      if (absl::Status status = request->work.cancel.Check(); !status.ok()) {
        Fail(request, std::move(status), step);
      }
    }
    RemoveFinished();
  }

  // Moves out of the queue what the policy has decided on.
  void Take(const BatchDecision& decision, absl::Time now, Step& step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const size_t index : decision.expired) Fail(queue_[index], Expired(), step);
    for (const BatchDecision::Take& take : decision.batch) {
      const RequestPtr& request = queue_[take.request];
      if (request->taken == 0) request->result.queue_time = now - request->enqueue_time;
      step.batch.push_back({request, request->taken, take.windows});
      request->taken += take.windows;
      ledger_.Serve(request->work.caller.client, take.windows);
    }
    RemoveFinished();
  }

  void Fail(const RequestPtr& request, absl::Status status, Step& step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    request->taken = request->work.count;
    step.failures.push_back({request, std::move(status)});
  }

  void RemoveFinished() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::erase_if(queue_, [this](const RequestPtr& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      if (request->rest() > 0) return false;
      ledger_.Leave(request->work.caller.client);
      return true;
    });
  }

  void RunBatch(const std::vector<Piece>& batch) {
    const int64_t count = CountWindows(batch);
    std::vector<float> embeddings(static_cast<size_t>(count) * dim_);
    const absl::Time start = clock_.Now();
    const absl::Status status = encoder_->Encode(Gather(batch, count), count, embeddings);
    const absl::Duration infer = clock_.Now() - start;
    if (options_.observer != nullptr) options_.observer->OnBatch(count, infer);
    if (!status.ok()) {
      FailBatch(batch, status);
      return;
    }
    std::span<const float> rest = embeddings;
    for (const Piece& piece : batch) {
      const auto rows = rest.first(static_cast<size_t>(piece.windows) * dim_);
      rest = rest.subspan(rows.size());
      Result& result = piece.request->result;
      result.embeddings.insert(result.embeddings.end(), rows.begin(), rows.end());
      result.infer_time += infer;
      if (piece.begin + piece.windows == piece.request->work.count) piece.request->done(std::move(result));
    }
  }

  // The batch's windows side by side; those of a single request lie so already.
  std::span<const float> Gather(const std::vector<Piece>& batch, int64_t count) {
    const auto windows = [this](const Piece& piece) {
      return std::span(piece.request->work.windows)
          .subspan(static_cast<size_t>(piece.begin) * window_size_,
                   static_cast<size_t>(piece.windows) * window_size_);
    };
    if (batch.size() == 1) return windows(batch.front());
    gathered_.resize(static_cast<size_t>(count) * window_size_);
    auto out = gathered_.begin();
    for (const Piece& piece : batch) {
      const auto source = windows(piece);
      out = std::copy(source.begin(), source.end(), out);
    }
    return gathered_;
  }

  void FailBatch(const std::vector<Piece>& batch, const absl::Status& status) {
    Step step;
    {
      // The rest of a request whose first windows failed would be of no use.
      base::MutexLock lock(mutex_);
      for (const Piece& piece : batch) Fail(piece.request, status, step);
      RemoveFinished();
    }
    for (Failure& failure : step.failures) failure.request->done(std::move(failure.status));
  }

  const std::shared_ptr<engine::Encoder> encoder_;
  const Options options_;
  const base::Clock& clock_;
  const size_t window_size_;
  const size_t dim_;
  std::vector<float> gathered_;  // the batch thread's

  mutable base::Mutex mutex_;
  base::Condition changed_;
  // A queued request's `taken` changes under the mutex; all else in it belongs to the batch thread.
  std::deque<RequestPtr> queue_ ABSL_GUARDED_BY(mutex_);
  Ledger ledger_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  base::Mutex join_mutex_;
  std::thread thread_;  // the last member: it starts when all else stands
};

Batcher::Batcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Batcher> Batcher::Start(std::shared_ptr<engine::Encoder> encoder, const Options& options) {
  return std::unique_ptr<Batcher>(new Batcher(std::make_unique<Impl>(std::move(encoder), options)));
}

Batcher::~Batcher() = default;

absl::Status Batcher::Submit(Work work, Done done) {
  return impl_->Submit(std::make_shared<Request>(std::move(work), std::move(done)));
}

void Batcher::Stop() { impl_->Stop(); }

Waiting Batcher::waiting(Priority priority) const { return impl_->waiting(priority); }

}  // namespace timbre::embed
