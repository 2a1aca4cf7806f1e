#pragma once

#include <memory>
#include <optional>
#include <string>

namespace timbre::metrics {

// One NVIDIA GPU as its driver's management library (NVML) sees it, opened at run time: the same program runs
// where there is none. Threads: safe. Source: NVIDIA's NVML API reference; the few entry points used have
// kept their binary form since their "_v2".
class Nvml {
 public:
  struct Reading {
    double memory_used_bytes = 0;
    double memory_total_bytes = 0;
    std::optional<double> utilization_ratio = {};  // a GPU that is shared out (MIG) does not tell
    std::optional<double> energy_joules = {};  // since the driver was loaded; GPUs before Volta do not tell
  };

  // The GPU that CUDA numbers `index` where CUDA_VISIBLE_DEVICES is `visible_devices` (numbers as nvidia-smi
  // counts, or whole UUIDs; empty: all are visible). CUDA may number GPUs of several kinds otherwise, unless
  // CUDA_DEVICE_ORDER=PCI_BUS_ID. Null where there is no such library or GPU.
  static std::unique_ptr<Nvml> Open(int index, const std::string& visible_devices,
                                    const std::string& library = "libnvidia-ml.so.1");
  ~Nvml();

  // Nothing where the driver does not answer.
  std::optional<Reading> Read() const;

 private:
  struct Entries;
  explicit Nvml(std::unique_ptr<Entries> entries);
  const std::unique_ptr<Entries> entries_;
};

}  // namespace timbre::metrics
