#pragma once

// The highest rate of an open loop that holds a latency.

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/bench/load.h"
#include "client/bench/summary.h"

namespace timbre::bench {

// Where to look.
struct SearchRange {
  // The first rate that is tried; from there it goes up or down by factors of two.
  double start_rps = 8;
  double lowest_rps = 0.1;
  double highest_rps = 1e5;
  // The search ends when the rate that failed is at most so many times the one that held.
  double resolution = 1.05;
};

// One rate that was tried.
struct Trial {
  double rps = 0;
  // Why it does not hold; empty: it does.
  std::string why_not = {};
  Summary summary = {};

  bool holds() const { return why_not.empty(); }
};

struct SearchResult {
  // The highest rate that held; 0: none did.
  double max_rps = 0;
  std::vector<Trial> trials = {};  // in the order of trying
  bool stopped = false;
};

// Doubles from the start until a rate fails (or halves until one holds), then halves the gap between (by its
// geometric mean). `try_rate` makes the load; a trial whose summary says `stopped` while `stop` does too ends
// the search with what it has.
SearchResult FindMax(const SearchRange& range, const std::function<Trial(double rps)>& try_rate,
                     const std::function<bool()>& stop);

// Why a load does not hold the latency, or "": an error, an arrival that was dropped, nothing answered, or a
// p99 above the limit.
std::string WhyNot(const Summary& summary, absl::Duration p99_limit);

// For LoadControl::enough: true once the rate cannot hold any more, so that a hopeless trial ends early and
// leaves no backlog. More than one in a hundred of the calls that the plan foresees being late is hopeless.
std::function<bool(const Outcome&)> HopelessAfter(const LoadPlan& plan, absl::Duration p99_limit);

}  // namespace timbre::bench
