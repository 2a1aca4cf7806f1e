#include "core/model/device.h"

#include <torch/torch.h>
#include <torch/version.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace timbre::model {
namespace {

bool CpuHasFastBf16() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx512f")) return false;  // also asks whether the system saves the registers
  unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned int kAmxBf16 = 1U << 22, kAvx512Bf16 = 1U << 5;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxBf16) != 0) return true;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvx512Bf16) != 0;
#else
  return false;
#endif
}

}  // namespace

std::string Device::name() const { return cuda ? absl::StrCat("cuda:", index) : "cpu"; }

absl::StatusOr<Device> ChooseDevice(const std::string& spec) {
  if (spec == "cpu") return Device{};
  if (spec == "auto") return Device{.cuda = torch::cuda::is_available(), .index = 0};
  absl::string_view number = spec;
  int index = 0;
  if (!absl::ConsumePrefix(&number, "cuda:") || !absl::SimpleAtoi(number, &index) || index < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("device is \"", spec, "\"; it must be auto, cpu or cuda:N with N >= 0"));
  }
  if (!torch::cuda::is_available()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "device ", spec, " was asked for, but this LibTorch (", TorchVersion(),
        ") sees no CUDA GPU; choose auto or cpu, or build with a CUDA LibTorch on a machine with a GPU"));
  }
  if (const auto count = static_cast<int>(torch::cuda::device_count()); index >= count) {
    return absl::FailedPreconditionError(absl::StrCat("device ", spec, " was asked for, but there are ",
                                                      count, " GPUs: cuda:0 to cuda:", count - 1));
  }
  return Device{.cuda = true, .index = index};
}

bool HasFastBf16(const Device& device) { return device.cuda || CpuHasFastBf16(); }

std::string TorchVersion() { return TORCH_VERSION; }

void SetTorchThreads(int threads) { torch::set_num_threads(threads); }

}  // namespace timbre::model
