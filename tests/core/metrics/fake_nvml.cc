// The six entry points of NVIDIA's management library that Timbre uses, for a machine with one GPU: 80 GiB,
// of which 20 are used; busy for 25 % of the time; 1.5 kJ taken. With OLD_DRIVER it tells the memory alone.

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
  static int the_gpu;
  if (index != 0) return 2;  // NVML_ERROR_INVALID_ARGUMENT
  *device = &the_gpu;
  return 0;
}

int nvmlDeviceGetMemoryInfo(void* /*device*/, nvmlMemory* memory) {
  constexpr unsigned long long kGiB = 1ULL << 30;
  *memory = {80 * kGiB, 60 * kGiB, 20 * kGiB};
  return 0;
}

#ifdef OLD_DRIVER
int nvmlDeviceGetUtilizationRates(void* /*device*/, nvmlUtilization* /*utilization*/) {
  return 3;  // NVML_ERROR_NOT_SUPPORTED
}
#else
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
