#include "client/bench/find_max.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace timbre::bench {
namespace {

class Search {
 public:
  Search(const SearchRange& range, const std::function<Trial(double)>& try_rate,
         const std::function<bool()>& stop)
      : range_(range), try_rate_(try_rate), stop_(stop) {}

  SearchResult Run() {
    Bracket();
    while (!result_.stopped && result_.max_rps > 0 && failed_ > result_.max_rps * range_.resolution)
      Try(std::sqrt(result_.max_rps * failed_));
    return std::move(result_);
  }

 private:
  // Ends with a rate that held and, unless the highest did, one that failed.
  void Bracket() {
    double rps = range_.start_rps;
    while (!result_.stopped) {
      const bool held = Try(rps);
      if (held && (failed_ > 0 || rps >= range_.highest_rps)) return;
      if (!held && (result_.max_rps > 0 || rps <= range_.lowest_rps)) return;
      rps = held ? std::min(2 * rps, range_.highest_rps) : std::max(rps / 2, range_.lowest_rps);
    }
  }

  bool Try(double rps) {
    Trial trial = try_rate_(rps);
    // What was cut short by the user says nothing.
    if (stop_ && stop_()) {
      result_.stopped = true;
      return false;
    }
    const bool held = trial.holds();
    if (held) {
      result_.max_rps = std::max(result_.max_rps, rps);
    } else {
      failed_ = failed_ > 0 ? std::min(failed_, rps) : rps;
    }
    result_.trials.push_back(std::move(trial));
    return held;
  }

  const SearchRange range_;
  const std::function<Trial(double)>& try_rate_;
  const std::function<bool()>& stop_;
  double failed_ = 0;  // the lowest rate that failed; 0: none
  SearchResult result_;
};

}  // namespace

SearchResult FindMax(const SearchRange& range, const std::function<Trial(double rps)>& try_rate,
                     const std::function<bool()>& stop) {
  return Search(range, try_rate, stop).Run();
}

std::string WhyNot(const Summary& summary, absl::Duration p99_limit) {
  if (!summary.errors.empty()) {
    const ErrorSummary& error = summary.errors.front();
    return absl::StrCat(summary.failed, " failed: ", error.code, ": ", error.message);
  }
  if (summary.dropped > 0) return absl::StrCat(summary.dropped, " dropped: too many were in flight");
  if (summary.answered == 0) return "nothing was answered";
  const double limit_ms = absl::ToDoubleMilliseconds(p99_limit);
  if (summary.latency.p99_ms > limit_ms)
    return absl::StrFormat("p99 %.1f ms is above %g ms", summary.latency.p99_ms, limit_ms);
  // A load that was given up may owe its good figures to what it never waited for.
  if (summary.stopped) return "too many were late";
  return "";
}

std::function<bool(const Outcome&)> HopelessAfter(const LoadPlan& plan, absl::Duration p99_limit) {
  const double foreseen = plan.rps * absl::ToDoubleSeconds(plan.duration);
  return [plan, p99_limit, most_late = 0.01 * foreseen + 1, late = 0.0](const Outcome& outcome) mutable {
    if (outcome.due < plan.warmup) return false;
    if (!outcome.ok()) return outcome.end != Outcome::End::kCutOff;
    late += outcome.ended - outcome.due > p99_limit ? 1 : 0;
    return late > most_late;
  };
}

}  // namespace timbre::bench
