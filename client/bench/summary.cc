#include "client/bench/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace timbre::bench {
namespace {

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

// Of sorted values.
double NearestRank(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size()) - 1e-9));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

// One figure of each call that was answered.
template <typename Figure>
Quantiles Over(const std::vector<const Outcome*>& answered, Figure figure) {
  std::vector<double> values;
  values.reserve(answered.size());
  for (const Outcome* outcome : answered) values.push_back(figure(*outcome));
  return QuantilesOf(std::move(values));
}

void AddLatencies(const std::vector<const Outcome*>& answered, Summary& summary) {
  summary.latency = Over(answered, [](const Outcome& o) { return Ms(o.ended - o.due); });
  summary.send_delay = Over(answered, [](const Outcome& o) { return Ms(o.sent - o.due); });
  summary.decode = Over(answered, [](const Outcome& o) { return o.phases.decode_ms; });
  summary.queue = Over(answered, [](const Outcome& o) { return o.phases.queue_ms; });
  summary.infer = Over(answered, [](const Outcome& o) { return o.phases.infer_ms; });
  summary.server = Over(answered, [](const Outcome& o) { return o.phases.total_ms; });
  summary.outside_server =
      Over(answered, [](const Outcome& o) { return Ms(o.ended - o.sent) - o.phases.total_ms; });
  summary.beside_infer =
      Over(answered, [](const Outcome& o) { return Ms(o.ended - o.sent) - o.phases.infer_ms; });
}

void AddRates(const LoadResult& result, Summary& summary) {
  if (summary.seconds <= 0) return;
  double requests = 0, windows = 0, audio_seconds = 0;
  for (const Outcome& outcome : result.outcomes) {
    if (!outcome.ok() || outcome.ended < result.begin || outcome.ended >= result.end) continue;
    requests += 1;
    windows += outcome.windows;
    audio_seconds += outcome.audio_seconds;
  }
  summary.requests_per_second = requests / summary.seconds;
  summary.windows_per_second = windows / summary.seconds;
  summary.audio_seconds_per_second = audio_seconds / summary.seconds;
}

}  // namespace

Quantiles QuantilesOf(std::vector<double> values_ms) {
  if (values_ms.empty()) return {};
  std::sort(values_ms.begin(), values_ms.end());
  return {.p50_ms = NearestRank(values_ms, 0.5),
          .p90_ms = NearestRank(values_ms, 0.9),
          .p99_ms = NearestRank(values_ms, 0.99),
          .p999_ms = NearestRank(values_ms, 0.999),
          .max_ms = values_ms.back(),
          .mean_ms = std::accumulate(values_ms.begin(), values_ms.end(), 0.0) /
                     static_cast<double>(values_ms.size())};
}

Summary Summarise(const LoadResult& result) {
  Summary summary{.seconds = absl::ToDoubleSeconds(result.end - result.begin), .stopped = result.stopped};
  std::vector<const Outcome*> answered;
  std::map<absl::StatusCode, std::vector<double>> failed;
  for (const Outcome& outcome : result.outcomes) {
    if (outcome.due < result.begin || outcome.due >= result.end) continue;
    ++summary.due;
    if (outcome.end == Outcome::End::kDropped) {
      ++summary.dropped;
    } else if (outcome.end == Outcome::End::kCutOff) {
      ++summary.cut_off;
    } else if (outcome.ok()) {
      answered.push_back(&outcome);
    } else {
      failed[outcome.code].push_back(Ms(outcome.ended - outcome.sent));
    }
  }
  summary.answered = static_cast<int64_t>(answered.size());
  for (auto& [code, latencies] : failed) {
    const auto count = static_cast<int64_t>(latencies.size());
    const auto message = result.messages.find(code);
    summary.failed += count;
    summary.errors.push_back({.code = absl::StatusCodeToString(code),
                              .count = count,
                              .message = message == result.messages.end() ? "" : message->second,
                              .latency = QuantilesOf(std::move(latencies))});
  }
  AddLatencies(answered, summary);
  AddRates(result, summary);
  return summary;
}

}  // namespace timbre::bench
