#pragma once

// What a load showed. All are pure.

#include <cstdint>
#include <string>
#include <vector>

#include "client/bench/load.h"

namespace timbre::bench {

// In milliseconds; all 0 of nothing.
struct Quantiles {
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  double max_ms = 0;
  double mean_ms = 0;
};

// By nearest rank: p99 is the least value that at least 99 % do not exceed. Exact, nothing is put into
// buckets.
Quantiles QuantilesOf(std::vector<double> values_ms);

struct ErrorSummary {
  std::string code = {};  // its name, "RESOURCE_EXHAUSTED"
  int64_t count = 0;
  std::string message = {};  // of the first
  Quantiles latency = {};    // from when they were sent
};

// Counts and latencies are of the calls that were due in the measured time, whenever they ended; rates of the
// answers that came within it.
struct Summary {
  double seconds = 0;  // measured
  bool stopped = false;
  int64_t due = 0;  // = answered + failed + dropped + cut_off
  int64_t answered = 0;
  int64_t failed = 0;
  int64_t dropped = 0;
  int64_t cut_off = 0;
  double requests_per_second = 0;
  double windows_per_second = 0;
  double audio_seconds_per_second = 0;
  // Of answered calls, from when they were due.
  Quantiles latency = {};
  // How much later than due they were sent: what this side, not the server, adds.
  Quantiles send_delay = {};
  // What the server says of itself.
  Quantiles decode = {};
  Quantiles queue = {};
  Quantiles infer = {};
  Quantiles server = {};
  // From sending to the answer, without the server's whole time, and without its encoder's alone.
  Quantiles outside_server = {};
  Quantiles beside_infer = {};
  std::vector<ErrorSummary> errors = {};
};

Summary Summarise(const LoadResult& result);

}  // namespace timbre::bench
