#pragma once

#include <functional>

namespace timbre::base {

// Runs a function on a thread of its own that gives way to all others, and waits for it: for work that must
// not be felt beside requests. Where a tenth of the cores' time is free, measured for a tenth of a second,
// the thread gets what nobody else wants (SCHED_IDLE: whoever wakes takes its core at once); where they are
// busy that could be nothing for long, and it is 10 nicer than its caller instead. The function must not hold
// what requests wait for. Where threads have no priorities of their own it is a plain call. Threads: safe.
void RunInBackground(const std::function<void()>& function);

}  // namespace timbre::base
