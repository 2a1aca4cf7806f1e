#include "core/embed/batcher.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"

namespace timbre::embed {
namespace {

struct Request {
  std::vector<float> windows;  // [count, window_samples]
  int64_t count = 0;
  int64_t taken = 0;  // windows that went into batches
  absl::Time enqueue_time;
  absl::Time deadline;
  base::CancelToken cancel;
  Batcher::Done done;
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
struct Work {
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
    if (request->count < 1 || request->windows.size() != static_cast<size_t>(request->count) * window_size_) {
      return absl::InvalidArgumentError(absl::StrCat(request->windows.size(), " samples are not ",
                                                     request->count, " windows of ", window_size_,
                                                     "; at least one whole window is needed"));
    }
    if (absl::Status status = request->cancel.Check(); !status.ok()) return status;
    int64_t depth = 0;
    {
      base::MutexLock lock(mutex_);
      request->enqueue_time = clock_.Now();
      if (stopping_) return absl::UnavailableError("the batcher has stopped");
      if (request->deadline <= request->enqueue_time) return Expired();
      if (queued_windows_ + request->count > options_.queue_capacity_windows) {
        return absl::ResourceExhaustedError(absl::StrCat(
            "the batcher's queue is full: ", queued_windows_, " windows wait, ", request->count,
            " more would exceed the limit of ", options_.queue_capacity_windows, "; try again later"));
      }
      depth = queued_windows_ += request->count;
      queue_.push_back(std::move(request));
      changed_.NotifyOne();
    }
    if (options_.observer != nullptr) options_.observer->OnQueueDepth(depth);
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

  int64_t queued_windows() const {
    base::MutexLock lock(mutex_);
    return queued_windows_;
  }

 private:
  void Run() {
    for (;;) {
      Work work = NextWork();
      if (work.failures.empty() && work.batch.empty()) return;
      if (options_.observer != nullptr) options_.observer->OnQueueDepth(queued_windows());
      for (Failure& failure : work.failures) failure.request->done(std::move(failure.status));
      if (!work.batch.empty()) RunBatch(work.batch);
    }
  }

  // Blocks until there is something to do.
  Work NextWork() {
    base::MutexLock lock(mutex_);
    for (;;) {
      Work work;
      TakeCancelled(work);
      BatchLimits limits = options_.limits;
      if (stopping_) limits.max_wait = absl::ZeroDuration();
      const absl::Time now = clock_.Now();
      const BatchDecision decision = DecideBatch(Pending(), limits, now);
      Take(decision, now, work);
      if (!work.failures.empty() || !work.batch.empty()) return work;
      if (stopping_ && queue_.empty()) return work;
      changed_.WaitFor(mutex_, decision.wake_at ? *decision.wake_at - now : absl::InfiniteDuration());
    }
  }

  std::vector<PendingRequest> Pending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<PendingRequest> pending;
    pending.reserve(queue_.size());
    for (const RequestPtr& request : queue_) {
      pending.push_back({request->count - request->taken, request->enqueue_time, request->deadline});
    }
    return pending;
  }

  void TakeCancelled(Work& work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const RequestPtr& request : queue_) {
      if (absl::Status status = request->cancel.Check(); !status.ok()) Fail(request, std::move(status), work);
    }
    RemoveFinished();
  }

  // Moves out of the queue what the policy has decided on.
  void Take(const BatchDecision& decision, absl::Time now, Work& work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const size_t index : decision.expired) Fail(queue_[index], Expired(), work);
    for (const BatchDecision::Take& take : decision.batch) {
      const RequestPtr& request = queue_[take.request];
      if (request->taken == 0) request->result.queue_time = now - request->enqueue_time;
      work.batch.push_back({request, request->taken, take.windows});
      request->taken += take.windows;
      queued_windows_ -= take.windows;
    }
    RemoveFinished();
  }

  void Fail(const RequestPtr& request, absl::Status status, Work& work)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    queued_windows_ -= request->count - request->taken;
    request->taken = request->count;
    work.failures.push_back({request, std::move(status)});
  }

  void RemoveFinished() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::erase_if(queue_, [](const RequestPtr& request) { return request->taken == request->count; });
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
      if (piece.begin + piece.windows == piece.request->count) piece.request->done(std::move(result));
    }
  }

  // The batch's windows side by side; those of a single request lie so already.
  std::span<const float> Gather(const std::vector<Piece>& batch, int64_t count) {
    const auto windows = [this](const Piece& piece) {
      return std::span(std::as_const(piece.request->windows))
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
    Work work;
    {
      // The rest of a request whose first windows failed would be of no use.
      base::MutexLock lock(mutex_);
      for (const Piece& piece : batch) Fail(piece.request, status, work);
      RemoveFinished();
    }
    for (Failure& failure : work.failures) failure.request->done(std::move(failure.status));
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
  int64_t queued_windows_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  base::Mutex join_mutex_;
  std::thread thread_;  // the last member: it starts when all else stands
};

Batcher::Batcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Batcher> Batcher::Start(std::shared_ptr<engine::Encoder> encoder, const Options& options) {
  return std::unique_ptr<Batcher>(new Batcher(std::make_unique<Impl>(std::move(encoder), options)));
}

Batcher::~Batcher() = default;

absl::Status Batcher::Submit(std::vector<float> windows, int64_t count, absl::Time deadline,
                             base::CancelToken cancel, Done done) {
  auto request = std::make_shared<Request>();
  request->windows = std::move(windows);
  request->count = count;
  request->deadline = deadline;
  request->cancel = std::move(cancel);
  request->done = std::move(done);
  return impl_->Submit(std::move(request));
}

void Batcher::Stop() { impl_->Stop(); }

int64_t Batcher::queued_windows() const { return impl_->queued_windows(); }

}  // namespace timbre::embed
