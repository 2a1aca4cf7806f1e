#include "core/train/throughput.h"

#include <algorithm>

namespace timbre::train {

Throughput::Figures Throughput::Step(Clock::time_point now, absl::Duration waited, int64_t windows) {
  const Mark before = last_;
  last_ = {now, waited, before.windows + windows};
  ++steps_;
  return Between(before, last_);
}

Throughput::Figures Throughput::TakeReport() {
  const Figures figures = Between(mark_, last_);
  mark_ = last_;
  return figures;
}

double Throughput::EtaSeconds(int64_t remaining_steps) const {
  if (steps_ == 0) return 0;
  const double seconds = std::chrono::duration<double>(last_.time - start_).count();
  return seconds / static_cast<double>(steps_) * static_cast<double>(remaining_steps);
}

Throughput::Figures Throughput::Between(const Mark& from, const Mark& to) {
  const double seconds = std::chrono::duration<double>(to.time - from.time).count();
  if (seconds <= 0) return {};
  return {.windows_per_second = static_cast<double>(to.windows - from.windows) / seconds,
          .data_wait_ratio = std::clamp(absl::ToDoubleSeconds(to.waited - from.waited) / seconds, 0.0, 1.0)};
}

}  // namespace timbre::train
