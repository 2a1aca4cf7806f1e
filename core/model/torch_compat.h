#pragma once

// The calls that differ between LibTorch 1.13 and 2.x, each once: autocast, and what a CPU allocator must be.

#include <torch/torch.h>

#include <cstddef>

namespace timbre::model {

// bf16 autocast for the device of the computation, for as long as the object lives. Guards nest; the casts of
// weights are shared by all forward passes under the outermost guard. Threads: the setting is the calling
// thread's own.
class AutocastGuard {
 public:
  AutocastGuard(torch::Device device, bool enabled);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  torch::DeviceType device_;
  bool was_enabled_;
  torch::ScalarType previous_type_;
};

// Makes LibTorch take the memory of CPU tensors from `allocate` and give it back through `release` (both
// thread-safe, 64-byte aligned, `allocate` throws std::bad_alloc). For the whole process and for good; only
// the first call counts.
struct CpuMemoryHooks {
  void* (*allocate)(size_t bytes);
  void (*release)(void* memory);
};
void InstallCpuMemoryHooks(const CpuMemoryHooks& hooks);

}  // namespace timbre::model
