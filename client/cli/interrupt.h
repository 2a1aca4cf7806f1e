#pragma once

namespace timbre::cli {

// While it lives, the first Ctrl-C is only noted; a second one ends the process.
// Threads: one at a time in a process.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  bool interrupted() const;
};

}  // namespace timbre::cli
