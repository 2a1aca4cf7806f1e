#include "core/base/background.h"

#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace timbre::base {

void RunInBackground(const std::function<void()>& function) {
  std::thread([&function] {
#ifdef __linux__
    constexpr int kNicer = 10;
    // Of this thread alone; without the right to it the work is done all the same.
    const auto thread = static_cast<id_t>(gettid());
    setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + kNicer);
#endif
    function();
  }).join();
}

}  // namespace timbre::base
