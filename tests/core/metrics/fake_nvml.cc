// The entry points of NVIDIA's management library that Timbre uses, for a machine with two GPUs: 80 GiB each,
// of which 20 and 40 are used; busy for 25 % of the time; 1.5 kJ taken. With OLD_DRIVER they tell the memory
// alone.
#include <cstring>

extern "C" {

struct nvmlMemory {
  unsigned long long total, free, used;
};
struct nvmlUtilization {
  unsigned int gpu, memory;
};

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  static unsigned long long used_gib[] = {20, 40};
  if (index > 1) return 2;  // NVML_ERROR_INVALID_ARGUMENT
  *device = &used_gib[index];
  return 0;
}

int nvmlDeviceGetMemoryInfo(void* device, nvmlMemory* memory) {
  constexpr unsigned long long kGiB = 1ULL << 30;
  const unsigned long long used_gib = *static_cast<const unsigned long long*>(device);
  *memory = {80 * kGiB, (80 - used_gib) * kGiB, used_gib * kGiB};
  return 0;
}

#ifdef OLD_DRIVER
int nvmlDeviceGetUtilizationRates(void* /*device*/, nvmlUtilization* /*utilization*/) {
  return 3;  // NVML_ERROR_NOT_SUPPORTED
}
#else
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  if (std::strcmp(uuid, "GPU-second") != 0) return 6;  // NVML_ERROR_NOT_FOUND
  return nvmlDeviceGetHandleByIndex_v2(1, device);
}
int nvmlDeviceGetUtilizationRates(void* /*device*/, nvmlUtilization* utilization) {
  *utilization = {25, 10};
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* /*device*/, unsigned long long* millijoules) {
  *millijoules = 1'500'000;
  return 0;
}
#endif
}
