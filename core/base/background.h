#pragma once

#include <functional>

namespace timbre::base {

// Runs a function on a thread of its own that gives way to all others (10 nicer than its caller, where the
// system lets threads have their own), and waits for it: for work that must not be felt beside requests.
// Threads: safe.
void RunInBackground(const std::function<void()>& function);

}  // namespace timbre::base
