#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace timbre::testing {

// What AddressSanitizer keeps of freed memory to find uses of it (its quarantine): bounds allow for it.
#ifdef __SANITIZE_ADDRESS__
inline constexpr int64_t kQuarantineBytes = int64_t{256} << 20;
#else
inline constexpr int64_t kQuarantineBytes = 0;
#endif

// Memory of a process that lies in RAM now.
inline int64_t ResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  int64_t total_pages = 0, resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * ::sysconf(_SC_PAGESIZE);
}

// The most that ever lay there.
inline int64_t PeakResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return int64_t{1024} * std::stoll(line.substr(6));
  }
  return 0;
}

// Whether memory grows with work: Sample after each round of the same work. Caches, arenas and the first
// allocations of threads come to an end, a leak does not: so what counts is the steadiest stretch. Threads:
// one.
class MemoryGrowth {
 public:
  static constexpr size_t kStretchRounds = 10;

  explicit MemoryGrowth(pid_t pid) : pid_(pid) {}

  void Sample() {
    samples_.push_back(ResidentBytes(pid_));
    if (samples_.size() >= kStretchRounds) least_ = std::min(least_, LastStretch());
  }

  // A round's growth in the stretch where it was least; infinite before the first stretch is whole.
  double BytesPerRound() const { return least_; }

 private:
  // The median of the slopes between all pairs of samples (Theil and Sen's estimate), which single spikes do
  // not move.
  double LastStretch() const {
    std::vector<double> slopes;
    for (size_t i = samples_.size() - kStretchRounds; i < samples_.size(); ++i) {
      for (size_t j = i + 1; j < samples_.size(); ++j) {
        slopes.push_back(static_cast<double>(samples_[j] - samples_[i]) / static_cast<double>(j - i));
      }
    }
    const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
    std::nth_element(slopes.begin(), middle, slopes.end());
    return *middle;
  }

  const pid_t pid_;
  std::vector<int64_t> samples_;
  double least_ = std::numeric_limits<double>::infinity();
};

}  // namespace timbre::testing
