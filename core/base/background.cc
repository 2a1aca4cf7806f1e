#include "core/base/background.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace timbre::base {
namespace {

#ifdef __linux__
struct CoreTime {
  int64_t all = 0;
  int64_t idle = 0;
};

// Of all cores since the start, in the kernel's ticks.
std::optional<CoreTime> ReadCoreTime() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  std::array<int64_t, 8> ticks{};  // user, nice, system, idle, waiting for disks, ...
  file >> cpu;
  for (int64_t& value : ticks) file >> value;
  if (!file || cpu != "cpu") return std::nullopt;
  return CoreTime{std::accumulate(ticks.begin(), ticks.end(), int64_t{0}), ticks[3] + ticks[4]};
}

bool CoresAreFree() {
  constexpr absl::Duration kLook = absl::Milliseconds(100);
  constexpr int64_t kFreeOf = 10;
  const std::optional<CoreTime> before = ReadCoreTime();
  absl::SleepFor(kLook);
  const std::optional<CoreTime> after = ReadCoreTime();
  if (!before.has_value() || !after.has_value()) return false;
  return (after->idle - before->idle) * kFreeOf >= after->all - before->all;
}

// Of the calling thread alone; without the right to it the work is done all the same.
void GiveWay() {
  constexpr int kNicer = 10;
  const auto thread = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + kNicer);
  const sched_param none{};
  if (CoresAreFree()) sched_setscheduler(0, SCHED_IDLE, &none);
}
#else
void GiveWay() {}
#endif

}  // namespace

void RunInBackground(const std::function<void()>& function) {
  std::thread([&function] {
    GiveWay();
    function();
  }).join();
}

}  // namespace timbre::base
