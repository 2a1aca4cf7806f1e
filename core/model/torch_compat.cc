#include "core/model/torch_compat.h"

#include <ATen/autocast_mode.h>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#include <cstring>

#define TIMBRE_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace timbre::model {
namespace {

#if TIMBRE_TORCH_AT_LEAST(2, 4)
bool AutocastEnabled(torch::DeviceType device) { return at::autocast::is_autocast_enabled(device); }
void EnableAutocast(torch::DeviceType device, bool enabled) {
  at::autocast::set_autocast_enabled(device, enabled);
}
torch::ScalarType AutocastType(torch::DeviceType device) { return at::autocast::get_autocast_dtype(device); }
void SetAutocastType(torch::DeviceType device, torch::ScalarType type) {
  at::autocast::set_autocast_dtype(device, type);
}
#else
bool AutocastEnabled(torch::DeviceType device) {
  return device == torch::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
void EnableAutocast(torch::DeviceType device, bool enabled) {
  device == torch::kCUDA ? at::autocast::set_enabled(enabled) : at::autocast::set_cpu_enabled(enabled);
}
torch::ScalarType AutocastType(torch::DeviceType device) {
  return device == torch::kCUDA ? at::autocast::get_autocast_gpu_dtype()
                                : at::autocast::get_autocast_cpu_dtype();
}
void SetAutocastType(torch::DeviceType device, torch::ScalarType type) {
  device == torch::kCUDA ? at::autocast::set_autocast_gpu_dtype(type)
                         : at::autocast::set_autocast_cpu_dtype(type);
}
#endif

class HookedAllocator final : public c10::Allocator {
 public:
  explicit HookedAllocator(const CpuMemoryHooks& hooks) : hooks_(hooks) {}

#if TIMBRE_TORCH_AT_LEAST(2, 3)
  c10::DataPtr allocate(size_t bytes) override { return Allocate(bytes); }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return Allocate(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return hooks_.release; }

 private:
  c10::DataPtr Allocate(size_t bytes) const {
    void* memory = bytes == 0 ? nullptr : hooks_.allocate(bytes);
    return {memory, memory, hooks_.release, c10::Device(c10::DeviceType::CPU)};
  }

  const CpuMemoryHooks hooks_;
};

}  // namespace

AutocastGuard::AutocastGuard(torch::Device device, bool enabled)
    : device_(device.type()), was_enabled_(AutocastEnabled(device_)), previous_type_(AutocastType(device_)) {
  EnableAutocast(device_, enabled);
  SetAutocastType(device_, torch::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  // Weights change between steps: their casts must not outlive the outermost guard.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  SetAutocastType(device_, previous_type_);
  EnableAutocast(device_, was_enabled_);
}

void InstallCpuMemoryHooks(const CpuMemoryHooks& hooks) {
  // Never destroyed: tensors with static lifetime may give memory back after main.
  static HookedAllocator* const allocator = [&hooks] {
    auto* made = new HookedAllocator(hooks);
    c10::SetCPUAllocator(made, /*priority=*/1);
    return made;
  }();
  static_cast<void>(allocator);
}

}  // namespace timbre::model
