#pragma once

#include <memory>

#include "absl/functional/function_ref.h"

namespace timbre::engine {

// A fixed set of threads that do one thing together. Threads: Run from one thread at a time.
// Lifetime: the destructor joins.
class Team {
 public:
  explicit Team(int threads);
  ~Team();

  // Calls work(0) .. work(size() - 1), each on a thread of its own, and waits for all. The threads use no
  // other threads for their products. Allocates nothing.
  void Run(absl::FunctionRef<void(int)> work);

  // Called by all threads inside of work: none goes on before all have come.
  void Meet();

  int size() const { return size_; }

 private:
  struct State;
  const int size_;
  std::unique_ptr<State> state_;
};

}  // namespace timbre::engine
