#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/metrics/nvml.h"

namespace timbre::metrics {

// What the system says at each scrape: process_* as all Prometheus clients name them, CPUs and memory that
// the process may use, the room on the disk of the state folder, and memory and utilisation of the GPU. What
// cannot be read has no series. Threads: safe. Lifetime: `gpu` outlives it.
class SystemMetrics final : public prometheus::Collectable {
 public:
  // An empty `state_dir`: no disk. `gpu` may be null; `device`: "cuda:N" as the label names it.
  SystemMetrics(std::filesystem::path state_dir, std::string device, const Nvml* gpu);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddDisk(std::vector<prometheus::MetricFamily>& families) const;
  void AddGpu(std::vector<prometheus::MetricFamily>& families) const;

  const std::filesystem::path state_dir_;
  const std::string device_;
  const Nvml* const gpu_;
  const double start_seconds_;  // read once: the clocks it is made of drift, and a change means a restart
};

}  // namespace timbre::metrics
