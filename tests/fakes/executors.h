#pragma once

#include <deque>
#include <functional>

#include "core/base/executor.h"

namespace timbre::fakes {

// Runs each function at once, on the caller's thread.
class InlineExecutor final : public base::Executor {
 public:
  absl::Status Schedule(std::function<void()> function) override {
    function();
    return absl::OkStatus();
  }
  absl::Status Continue(std::function<void()> function) override { return Schedule(std::move(function)); }
};

// Keeps the functions until the test runs them. Threads: one.
class ManualExecutor final : public base::Executor {
 public:
  absl::Status Schedule(std::function<void()> function) override {
    functions_.push_back(std::move(function));
    return absl::OkStatus();
  }
  absl::Status Continue(std::function<void()> function) override { return Schedule(std::move(function)); }
  bool RunOne() {
    if (functions_.empty()) return false;
    auto function = std::move(functions_.front());
    functions_.pop_front();
    function();
    return true;
  }
  size_t waiting() const { return functions_.size(); }

 private:
  std::deque<std::function<void()>> functions_;
};

}  // namespace timbre::fakes
