#pragma once

#include <string>

#include "client/bench/find_max.h"
#include "client/bench/summary.h"

namespace timbre::cli {

// Counts and rates, a table of latencies, the errors by code. Pure.
std::string BenchText(const bench::Summary& summary);

// One line of a search, such as "   64.0 calls/s  p50   21.3  p99   48.0 ms  holds". Pure.
std::string TrialText(const bench::Trial& trial);

}  // namespace timbre::cli
