#include "server/app/core_rooms.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/engine/torch_encoder.h"
#include "core/model/device.h"

namespace timbre::app {
namespace {

// The folders of the state directory; what a dead process left half-received goes.
absl::Status MakeFolders(const StateLayout& layout) {
  std::error_code error;
  std::filesystem::remove_all(layout.spool, error);
  for (const std::filesystem::path& folder : {layout.models, layout.datasets, layout.jobs, layout.spool}) {
    std::filesystem::create_directories(folder, error);
    if (error) return base::ErrnoStatus(error.value(), "create", folder);
  }
  return absl::OkStatus();
}

embed::Embedder::Options EmbedderOptions(const Settings& settings, embed::Observer& observer) {
  embed::Embedder::Options options;
  options.limits = settings.decode;
  options.batcher.limits.max_batch_windows = settings.max_batch_windows;
  options.batcher.limits.max_wait = settings.max_batch_wait;
  options.batcher.queue_capacity_windows = settings.queue_capacity_windows;
  options.batcher.clock = &base::Clock::System();
  options.batcher.observer = &observer;
  options.decode_threads = settings.decode_threads;
  options.decode_queue_capacity = static_cast<size_t>(settings.decode_queue_capacity);
  return options;
}

}  // namespace

std::string Version() { return TIMBRE_VERSION; }

std::string Build() {
  return absl::StrCat("timbre ", TIMBRE_VERSION, ", ", TIMBRE_COMPILER, ", ", model::TorchVersion());
}

absl::StatusOr<CoreRooms> MakeCoreRooms(const Settings& settings, const StateLayout& layout) {
  CoreRooms rooms;
  TIMBRE_ASSIGN_OR_RETURN(const model::Device device, model::ChooseDevice(settings.device));
  rooms.device = device.name();
  model::SetTorchThreads(settings.compute_threads);
  // The database first: it says whether another server lives here.
  TIMBRE_ASSIGN_OR_RETURN(rooms.database, store::Database::Open(layout.database));
  TIMBRE_RETURN_IF_ERROR(MakeFolders(layout));
  TIMBRE_ASSIGN_OR_RETURN(rooms.jobs, jobs::JobStore::Create(rooms.database));
  TIMBRE_ASSIGN_OR_RETURN(rooms.datasets, registry::DatasetStore::Create(rooms.database, layout.datasets));
  TIMBRE_ASSIGN_OR_RETURN(rooms.models, registry::ModelStore::Create(rooms.database, layout.models));
  TIMBRE_ASSIGN_OR_RETURN(rooms.exporter,
                          metrics::Exporter::Start({settings.metrics_address, Version(), Build()}));

  engine::TorchEncoderOptions engine;
  engine.device = rooms.device;
  engine.precision = settings.precision;
  engine.max_batch = settings.max_batch_windows;
  rooms.engine = absl::StrCat("libtorch ", rooms.device, " ", settings.precision);
  auto make_encoder = [engine](const registry::Version& version, const registry::VersionWeights& weights) {
    engine::TorchEncoderOptions options = engine;
    options.architecture = version.card.architecture;
    options.embedding_layer = version.card.embedding_layer;
    return engine::MakeTorchEncoder(weights.encoder, options, weights.projector);
  };
  rooms.registry = std::make_unique<registry::ModelRegistry>(*rooms.models, make_encoder,
                                                             static_cast<size_t>(settings.loaded_versions));
  rooms.embedder = std::make_unique<embed::Embedder>(*rooms.registry,
                                                     EmbedderOptions(settings, rooms.exporter->inference()));
  return rooms;
}

}  // namespace timbre::app
