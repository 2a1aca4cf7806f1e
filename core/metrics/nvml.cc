#include "core/metrics/nvml.h"

#include <dlfcn.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

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
bool FindEntry(void* library, const char* name, Function*& function) {
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
    const bool whole = library != nullptr && FindEntry(library, "nvmlInit_v2", init) &&
                       FindEntry(library, "nvmlShutdown", shutdown) &&
                       FindEntry(library, "nvmlDeviceGetHandleByIndex_v2", by_index) &&
                       FindEntry(library, "nvmlDeviceGetMemoryInfo", memory) &&
                       FindEntry(library, "nvmlDeviceGetUtilizationRates", utilization);
    if (!whole) return false;
    FindEntry(library, "nvmlDeviceGetHandleByUUID", by_uuid);
    FindEntry(library, "nvmlDeviceGetTotalEnergyConsumption", energy);
    return true;
  }

  // Sets `device`.
  bool FindDevice(int index, const std::string& visible_devices) {
    if (visible_devices.empty()) return by_index(static_cast<unsigned int>(index), &device) == kSuccess;
    const std::vector<std::string> visible = absl::StrSplit(visible_devices, ',');
    if (static_cast<size_t>(index) >= visible.size()) return false;
    const std::string& name = visible[static_cast<size_t>(index)];
    unsigned int number = 0;
    if (absl::SimpleAtoi(name, &number)) return by_index(number, &device) == kSuccess;
    return by_uuid != nullptr && by_uuid(name.c_str(), &device) == kSuccess;
  }

  void* library = nullptr;
  bool initialized = false;
  Device device = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_index)(unsigned int, Device*) = nullptr;
  int (*by_uuid)(const char*, Device*) = nullptr;  // null in old drivers, as energy
  int (*memory)(Device, Memory*) = nullptr;
  int (*utilization)(Device, Utilization*) = nullptr;
  int (*energy)(Device, unsigned long long*) = nullptr;  // in millijoules
};

Nvml::Nvml(std::unique_ptr<Entries> entries) : entries_(std::move(entries)) {}
Nvml::~Nvml() = default;

std::unique_ptr<Nvml> Nvml::Open(int index, const std::string& visible_devices, const std::string& library) {
  auto entries = std::make_unique<Entries>();
  if (!entries->Load(library) || entries->init() != kSuccess) return nullptr;
  entries->initialized = true;
  if (!entries->FindDevice(index, visible_devices)) return nullptr;
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
