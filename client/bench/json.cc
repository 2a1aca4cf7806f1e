#include "client/bench/json.h"

namespace timbre::bench {

using nlohmann::json;

json ToJson(const Quantiles& quantiles) {
  return {{"p50", quantiles.p50_ms},   {"p90", quantiles.p90_ms}, {"p99", quantiles.p99_ms},
          {"p999", quantiles.p999_ms}, {"max", quantiles.max_ms}, {"mean", quantiles.mean_ms}};
}

json ToJson(const Summary& summary) {
  json errors = json::array();
  for (const ErrorSummary& error : summary.errors) {
    errors.push_back({{"code", error.code},
                      {"count", error.count},
                      {"message", error.message},
                      {"latency_ms", ToJson(error.latency)}});
  }
  return {{"seconds", summary.seconds},
          {"stopped", summary.stopped},
          {"due", summary.due},
          {"answered", summary.answered},
          {"failed", summary.failed},
          {"dropped", summary.dropped},
          {"cut_off", summary.cut_off},
          {"requests_per_second", summary.requests_per_second},
          {"windows_per_second", summary.windows_per_second},
          {"audio_seconds_per_second", summary.audio_seconds_per_second},
          {"latency_ms", ToJson(summary.latency)},
          {"send_delay_ms", ToJson(summary.send_delay)},
          {"outside_server_ms", ToJson(summary.outside_server)},
          {"beside_infer_ms", ToJson(summary.beside_infer)},
          {"phases_ms",
           {{"decode", ToJson(summary.decode)},
            {"queue", ToJson(summary.queue)},
            {"infer", ToJson(summary.infer)},
            {"server", ToJson(summary.server)}}},
          {"errors", std::move(errors)}};
}

json ToJson(const SearchResult& result) {
  json trials = json::array();
  for (const Trial& trial : result.trials) {
    trials.push_back({{"rps", trial.rps},
                      {"holds", trial.holds()},
                      {"why_not", trial.why_not},
                      {"summary", ToJson(trial.summary)}});
  }
  return {{"max_rps", result.max_rps}, {"stopped", result.stopped}, {"trials", std::move(trials)}};
}

}  // namespace timbre::bench
