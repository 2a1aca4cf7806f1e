#pragma once

#include <string>

#include "absl/status/statusor.h"

// Which device computes, and in which precision: torch-free to see, torch behind it.
namespace timbre::model {

struct Device {
  bool cuda = false;
  int index = 0;
  std::string name() const;  // "cpu" or "cuda:N"
};

// `spec`: auto (a GPU if there is one, else the CPU) | cpu | cuda:N.
// Errors: kInvalidArgument not of that form · kFailedPrecondition no such GPU, or LibTorch was built without
// CUDA.
absl::StatusOr<Device> ChooseDevice(const std::string& spec);

// bf16 autocast `auto`: on for CUDA and for CPUs with AVX512-BF16 or AMX-BF16.
enum class Precision { kFp32, kBf16 };
bool HasFastBf16(const Device& device);

// LibTorch's version, for model cards and GetInfo.
std::string TorchVersion();

// Threads of one LibTorch operation on this process' CPU.
void SetTorchThreads(int threads);

}  // namespace timbre::model
