#pragma once

// The calls that differ between LibTorch 1.13 and 2.x, each once: autocast, and where a module's weights may be loaded from.

#include <torch/torch.h>

namespace timbre::model {

// bf16 autocast for the device of the computation, for as long as the object lives.
class AutocastGuard {
 public:
  AutocastGuard(torch::Device device, bool enabled);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  torch::DeviceType device_;
  bool was_enabled_;
};

}  // namespace timbre::model
