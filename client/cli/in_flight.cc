#include "client/cli/in_flight.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace timbre::cli {

void RunInFlight(size_t count, int width, const std::function<void(size_t index)>& work) {
  std::atomic<size_t> next = 0;
  const auto worker = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(count, static_cast<size_t>(std::max(width, 1))); ++i)
    threads.emplace_back(worker);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace timbre::cli
