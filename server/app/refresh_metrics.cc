#include "server/app/refresh_metrics.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/jobs/job.h"

namespace timbre::app {
namespace {

// A kind and state that no job is in any more must go back to 0.
void CountJobs(const CoreRooms& rooms, metrics::Exporter& exporter) {
  const auto counts = rooms.jobs->CountByKindAndState();
  const auto reports = rooms.jobs->OldestReports();
  for (const absl::Status& status : {counts.status(), reports.status()})
    if (!status.ok()) return base::LogError("jobs cannot be counted: {}", status.ToString());
  const absl::Time now = absl::Now();
  for (const char* kind : {"ssl_training", "linear_probe", "ingest"}) {
    for (int i = 0; i <= static_cast<int>(jobs::JobState::kCancelled); ++i) {
      const auto state = static_cast<jobs::JobState>(i);
      const auto found = counts->find({kind, state});
      exporter.SetJobs(kind, jobs::JobStateName(state), found == counts->end() ? 0 : found->second);
    }
    const auto last = reports->find(kind);
    exporter.SetSilence(kind, last == reports->end() ? absl::ZeroDuration() : now - last->second);
  }
}

std::string SpaceOf(const registry::Model& model, int64_t number) {
  for (const registry::Version& version : model.versions) {
    if (version.version == number) return version.space_id;
  }
  return "";
}

void ShowModels(const CoreRooms& rooms, metrics::Exporter& exporter) {
  const auto models = rooms.models->ListModels();
  if (!models.ok()) return base::LogError("models cannot be listed: {}", models.status().ToString());
  std::vector<metrics::ServedModel> served;
  for (const registry::Model& model : *models) {
    for (const auto& [label, number] : model.labels) {
      served.push_back({model.id, label, number, SpaceOf(model, number)});
    }
  }
  exporter.SetServedModels(served);
}

}  // namespace

void RefreshMetrics(const CoreRooms& rooms, metrics::Exporter& exporter) {
  CountJobs(rooms, exporter);
  ShowModels(rooms, exporter);
  exporter.SetLoad(rooms.embedder->load());
}

}  // namespace timbre::app
