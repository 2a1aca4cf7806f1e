#include "core/metrics/job_metrics.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/string_view.h"

namespace timbre::metrics {
namespace {

constexpr const char* kKinds[] = {"ssl_training", "linear_probe", "ingest"};
// The names of jobs::JobState.
constexpr const char* kStates[] = {"QUEUED",     "RUNNING",   "PAUSING", "PAUSED",
                                   "CANCELLING", "SUCCEEDED", "FAILED",  "CANCELLED"};
constexpr char kOther[] = "other";

// From at once to a day: a training waits for the one before it.
const prometheus::Histogram::BucketBoundaries& WaitBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {.01, .1,   1,    10,    60,   300,
                                                                   900, 3600, 7200, 21600, 86400};
  return kBuckets;
}

// A label's value that no client can add to.
template <size_t N>
const char* Known(const char* const (&names)[N], absl::string_view name) {
  const auto found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? kOther : *found;
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry)
    : jobs_(prometheus::BuildGauge().Name("timbre_jobs").Help("Jobs by kind and state.").Register(registry)),
      silence_(prometheus::BuildGauge()
                   .Name("timbre_job_silence_seconds")
                   .Help("Time since the running job of the kind that is silent longest last reported; 0 "
                         "where none runs.")
                   .Register(registry)),
      queue_seconds_(prometheus::BuildHistogram()
                         .Name("timbre_job_queue_seconds")
                         .Help("Time that jobs waited before they ran.")
                         .Register(registry)) {
  for (const char* kind : kKinds) {
    for (const char* state : kStates) SetJobs(kind, state, 0);
    SetSilence(kind, absl::ZeroDuration());
    queue_seconds_.Add({{"kind", kind}}, WaitBuckets());
  }
}

void JobMetrics::OnBegun(const std::string& kind, absl::Duration waited) {
  queue_seconds_.Add({{"kind", Known(kKinds, kind)}}, WaitBuckets()).Observe(absl::ToDoubleSeconds(waited));
}

void JobMetrics::SetJobs(const std::string& kind, const std::string& state, int64_t count) {
  jobs_.Add({{"kind", Known(kKinds, kind)}, {"state", Known(kStates, state)}})
      .Set(static_cast<double>(count));
}

void JobMetrics::SetSilence(const std::string& kind, absl::Duration silence) {
  silence_.Add({{"kind", Known(kKinds, kind)}}).Set(absl::ToDoubleSeconds(silence));
}

}  // namespace timbre::metrics
