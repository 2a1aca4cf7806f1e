#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/embed/embedder.h"
#include "core/jobs/job_store.h"
#include "core/metrics/exporter.h"
#include "core/registry/dataset_store.h"
#include "core/registry/model_registry.h"
#include "core/registry/model_store.h"
#include "core/store/database.h"
#include "server/app/settings.h"

namespace timbre::app {

// Where things lie in the state directory.
struct StateLayout {
  explicit StateLayout(const std::filesystem::path& root)
      : database(root / "timbre.db"),
        models(root / "models"),
        datasets(root / "datasets"),
        jobs(root / "jobs"),
        backups(root / "backups"),
        spool(root / "spool"),
        engine_plan(root / "engine_plan.json") {}
  std::filesystem::path database, models, datasets, jobs, backups, spool;
  std::filesystem::path engine_plan;  // what the CPU engine measured of this machine
};

// The rooms of core that the services work with, in the order in which they are made.
struct CoreRooms {
  std::string device;  // resolved: "cpu" or "cuda:N"
  std::string engine;  // such as "libtorch cpu fp32"
  std::unique_ptr<metrics::Exporter> exporter;
  std::shared_ptr<store::Database> database;
  std::unique_ptr<jobs::JobStore> jobs;
  std::unique_ptr<registry::DatasetStore> datasets;
  std::unique_ptr<registry::ModelStore> models;
  std::unique_ptr<registry::ModelRegistry> registry;
  std::unique_ptr<embed::Embedder> embedder;
};

// `charge`: as embed::Embedder::Options. Errors: as App::Start.
absl::StatusOr<CoreRooms> MakeCoreRooms(
    const Settings& settings, const StateLayout& layout,
    const std::function<absl::Status(const std::string& account, int64_t windows)>& charge);

// "0.1.0", and what it was built with.
std::string Version();
std::string Build();

}  // namespace timbre::app
