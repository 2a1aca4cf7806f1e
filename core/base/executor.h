#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/bounded_queue.h"
#include "core/base/clock.h"

namespace timbre::base {

// Runs functions somewhere else. Tests use fakes/inline_executor.h and fakes/manual_executor.h.
// Threads: safe.
class Executor {
 public:
  virtual ~Executor() = default;

  // Never blocks. kResourceExhausted when the queue is full, kUnavailable once stopped; the function was
  // then not taken and will not run.
  virtual absl::Status Schedule(std::function<void()> function) = 0;

  // The next piece of work that was taken on before: a full queue does not refuse it, so that what was
  // accepted gets through. The caller bounds how many there are (one a call, say). Never blocks. kUnavailable
  // once stopped.
  virtual absl::Status Continue(std::function<void()> function) = 0;
};

// A fixed number of threads behind one bounded queue.
// Lifetime: the destructor runs what was accepted, then joins.
class ThreadPool final : public Executor {
 public:
  struct Options {
    std::string name = "pool";  // appears in error messages
    int threads = 1;
    size_t queue_capacity = 1024;  // functions that wait, not counting those that run
    const Clock* clock = &Clock::System();
  };

  static std::unique_ptr<ThreadPool> Start(Options options);
  ~ThreadPool() override;

  absl::Status Schedule(std::function<void()> function) override;
  absl::Status Continue(std::function<void()> function) override;

  // Accepts no more, runs what was accepted, joins. Idempotent; not from one of its own threads.
  void Stop();

  // How long what waits longest for a thread has waited; zero when nothing does.
  absl::Duration oldest_wait() const;

 private:
  struct Waiting {
    std::function<void()> function;
    absl::Time since;
  };

  explicit ThreadPool(Options options);
  void Run();
  absl::Status Stopped() const;

  const Options options_;
  BoundedQueue<Waiting> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace timbre::base
