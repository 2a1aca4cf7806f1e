#include "core/metrics/nvml.h"

#include <dlfcn.h>

#include <utility>

namespace timbre::metrics {
namespace {

using Device = void*;  // nvmlDevice_t
struct Memory {        // nvmlMemory_t
  unsigned long long total, free, used;
};
struct Utilization {  // nvmlUtilization_t, in percent
  unsigned int gpu, memory;
};
constexpr int kSuccess = 0;

template <typename Function>
bool Find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct Nvml::Entries {
  ~Entries() {
    if (initialized) shutdown();
    if (library != nullptr) dlclose(library);
  }
  bool Load(const std::string& name) {
    library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    const bool whole = library != nullptr && Find(library, "nvmlInit_v2", init) &&
                       Find(library, "nvmlShutdown", shutdown) &&
                       Find(library, "nvmlDeviceGetHandleByIndex_v2", by_index) &&
                       Find(library, "nvmlDeviceGetMemoryInfo", memory) &&
                       Find(library, "nvmlDeviceGetUtilizationRates", utilization);
    if (whole) Find(library, "nvmlDeviceGetTotalEnergyConsumption", energy);  // which old drivers do not have
    return whole;
  }

  void* library = nullptr;
  bool initialized = false;
  Device device = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_index)(unsigned int, Device*) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
  int (*utilization)(Device, Utilization*) = nullptr;
  int (*energy)(Device, unsigned long long*) = nullptr;  // in millijoules; null in old drivers
};

Nvml::Nvml(std::unique_ptr<Entries> entries) : entries_(std::move(entries)) {}
Nvml::~Nvml() = default;

std::unique_ptr<Nvml> Nvml::Open(int index, const std::string& library) {
  auto entries = std::make_unique<Entries>();
  if (!entries->Load(library) || entries->init() != kSuccess) return nullptr;
  entries->initialized = true;
  if (entries->by_index(static_cast<unsigned int>(index), &entries->device) != kSuccess) return nullptr;
  return std::unique_ptr<Nvml>(new Nvml(std::move(entries)));
}

std::optional<Nvml::Reading> Nvml::Read() const {
  Memory memory{};
  if (entries_->memory(entries_->device, &memory) != kSuccess) return std::nullopt;
  Reading reading{.memory_used_bytes = static_cast<double>(memory.used),
                  .memory_total_bytes = static_cast<double>(memory.total)};
  Utilization utilization{};
  if (entries_->utilization(entries_->device, &utilization) == kSuccess)
    reading.utilization_ratio = utilization.gpu / 100.0;
  unsigned long long millijoules = 0;
  if (entries_->energy != nullptr && entries_->energy(entries_->device, &millijoules) == kSuccess)
    reading.energy_joules = static_cast<double>(millijoules) * 1e-3;
  return reading;
}

}  // namespace timbre::metrics
