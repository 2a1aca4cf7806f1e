#pragma once

#include <cstddef>
#include <functional>

namespace timbre::cli {

// Runs work(0), ..., work(count - 1), begun in this order, at most `width` at a time, each on one of `width`
// threads; returns when all are done. `work` must be safe to run beside itself with another index.
void RunInFlight(size_t count, int width, const std::function<void(size_t index)>& work);

}  // namespace timbre::cli
