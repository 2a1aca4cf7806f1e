#pragma once

#include <string>

#include "absl/time/time.h"

namespace timbre::jobs {

// Told by the scheduler, on its threads; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  // A QUEUED job of this kind begins, `waited` after it was queued, or queued again by Resume.
  virtual void OnBegun(const std::string& /*kind*/, absl::Duration /*waited*/) {}
};

}  // namespace timbre::jobs
