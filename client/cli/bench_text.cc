#include "client/cli/bench_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/table.h"

namespace timbre::cli {
namespace {

void AddRow(Table& table, const std::string& name, const bench::Quantiles& quantiles) {
  std::vector<std::string> row = {name};
  for (const double ms : {quantiles.p50_ms, quantiles.p90_ms, quantiles.p99_ms, quantiles.p999_ms,
                          quantiles.max_ms, quantiles.mean_ms})
    row.push_back(absl::StrFormat("%.2f", ms));
  table.AddRow(std::move(row));
}

std::string Latencies(const bench::Summary& summary) {
  Table table({"MILLISECONDS", "P50", "P90", "P99", "P99.9", "MAX", "MEAN"});
  for (size_t column = 1; column <= 6; ++column) table.AlignRight(column);
  AddRow(table, "latency", summary.latency);
  AddRow(table, "  sent late", summary.send_delay);
  AddRow(table, "  outside the server", summary.outside_server);
  AddRow(table, "  server", summary.server);
  AddRow(table, "    decode", summary.decode);
  AddRow(table, "    queue", summary.queue);
  AddRow(table, "    infer", summary.infer);
  return table.Render();
}

}  // namespace

std::string BenchText(const bench::Summary& summary) {
  std::string out = absl::StrFormat("%d calls in %.1f s: %d answered, %d failed, %d dropped", summary.due,
                                    summary.seconds, summary.answered, summary.failed, summary.dropped);
  if (summary.cut_off > 0) absl::StrAppend(&out, ", ", summary.cut_off, " cut off");
  absl::StrAppendFormat(&out, "\n%.1f requests/s, %.1f windows/s, %.1f seconds of audio a second\n\n",
                        summary.requests_per_second, summary.windows_per_second,
                        summary.audio_seconds_per_second);
  absl::StrAppend(&out, Latencies(summary));
  for (const bench::ErrorSummary& error : summary.errors) {
    absl::StrAppendFormat(&out, "\n%d %s (p50 %.2f ms, p99 %.2f ms): %s\n", error.count, error.code,
                          error.latency.p50_ms, error.latency.p99_ms, error.message);
  }
  return out;
}

std::string TrialText(const bench::Trial& trial) {
  return absl::StrFormat("%9.2f calls/s  p50 %8.2f  p99 %8.2f ms  %s\n", trial.rps,
                         trial.summary.latency.p50_ms, trial.summary.latency.p99_ms,
                         trial.holds() ? "holds" : trial.why_not);
}

}  // namespace timbre::cli
