#include "server/app/core_rooms.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/engine/cpu_engine.h"
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
  options.batcher.limits.bulk_ages_in = settings.bulk_ages_in;
  options.queue_capacity_windows = settings.queue_capacity_windows;
  options.batcher.clock = &base::Clock::System();
  options.batcher.observer = &observer;
  options.decode_threads = settings.decode_threads;
  options.decode_queue_capacity = static_cast<size_t>(settings.decode_queue_capacity);
  return options;
}

// Which engine encodes for a version: the CPU engine what it can, LibTorch the rest.
struct Engines {
  std::shared_ptr<engine::CpuEngine> cpu;  // null: LibTorch alone
  engine::TorchEncoderOptions torch;

  std::string description() const {
    return cpu != nullptr ? cpu->description()
                          : absl::StrCat("libtorch ", torch.device, " ", torch.precision);
  }

  absl::StatusOr<std::shared_ptr<engine::Encoder>> operator()(const registry::Version& version,
                                                              const registry::VersionWeights& weights) const {
    const weights::ModelCard& card = version.card;
    if (cpu != nullptr && engine::CpuEngine::Encodes(card.architecture, card.embedding_layer))
      return cpu->Load(weights.encoder);
    engine::TorchEncoderOptions options = torch;
    options.architecture = card.architecture;
    options.embedding_layer = card.embedding_layer;
    return engine::MakeTorchEncoder(weights.encoder, options, weights.projector);
  }
};

absl::StatusOr<Engines> MakeEngines(const Settings& settings, const model::Device& device,
                                    const StateLayout& layout) {
  Engines engines;
  engines.torch.device = device.name();
  engines.torch.precision = settings.precision;
  engines.torch.max_batch = settings.max_batch_windows;
  if (settings.engine == "torch") return engines;
  const bool suits = !device.cuda && engine::CpuEngine::PaysHere(settings.precision);
  if (settings.engine == "auto" && !suits) {
    if (settings.engine_plan.empty()) return engines;
    return absl::InvalidArgumentError(
        "inference.engine_plan is for the CPU engine, which does not compute on this device in this "
        "precision; "
        "leave it out");
  }
  if (device.cuda) {
    return absl::InvalidArgumentError(
        "inference.engine is timbre, which computes on a CPU, but the device is a GPU; set device to cpu, or "
        "the engine to auto");
  }
  TIMBRE_ASSIGN_OR_RETURN(engines.cpu, engine::CpuEngine::Create({.precision = settings.precision,
                                                                  .threads = settings.compute_threads,
                                                                  .plan_file = layout.engine_plan,
                                                                  .fixed_plan_file = settings.engine_plan}));
  return engines;
}

}  // namespace

std::string Version() { return TIMBRE_VERSION; }

std::string Build() {
  return absl::StrCat("timbre ", TIMBRE_VERSION, ", ", TIMBRE_COMPILER, ", ", model::TorchVersion());
}

absl::StatusOr<CoreRooms> MakeCoreRooms(
    const Settings& settings, const StateLayout& layout,
    const std::function<absl::Status(const std::string& account, int64_t windows)>& charge) {
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
  TIMBRE_ASSIGN_OR_RETURN(rooms.exporter, metrics::Exporter::Start({.address = settings.metrics_address,
                                                                    .version = Version(),
                                                                    .build = Build(),
                                                                    .state_dir = settings.state_dir.string(),
                                                                    .device = rooms.device}));

  Engines engines;
  TIMBRE_ASSIGN_OR_RETURN(engines, MakeEngines(settings, device, layout));
  rooms.engine = engines.description();
  rooms.registry = std::make_unique<registry::ModelRegistry>(
      *rooms.models, engines, static_cast<size_t>(settings.loaded_versions), &rooms.exporter->models());
  embed::Embedder::Options options = EmbedderOptions(settings, rooms.exporter->inference());
  options.charge = charge;
  rooms.embedder = std::make_unique<embed::Embedder>(*rooms.registry, std::move(options));
  return rooms;
}

}  // namespace timbre::app
