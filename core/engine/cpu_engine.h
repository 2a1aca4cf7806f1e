#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/engine/encoder.h"
#include "core/weights/tensor_file.h"

namespace timbre::engine {

// The CPU engine: SampleCNN as a chain of matrix products with pool-fused Winograd convolutions (see
// ARCHITECTURE.md), without LibTorch. All encoders of one engine share its threads: windows of one call are
// spread over them, and calls of several threads go one after another. Makes encoders also while others run.
// Threads: safe. Lifetime: encoders keep what they need.
class CpuEngine {
 public:
  struct Options {
    std::string precision = "auto";  // fp32 | bf16 | auto: bf16 where the CPU multiplies it natively
    int threads = 1;                 // at least 1
    std::filesystem::path plan_file =
        {};  // keeps what was measured of this machine; empty: measure at each start
    std::filesystem::path fixed_plan_file = {};  // such a file whose plans are taken, and nothing is measured
    bool direct = false;  // direct products alone: the least rounding, nothing measured, about half as fast
  };

  // Whether it computes here by that precision: bf16 where oneDNN does (x86-64 from AVX-512 on).
  static bool RunsHere(const std::string& precision);

  // Whether it is also faster than LibTorch: elsewhere than on x86-64 oneDNN's products are its slow
  // reference.
  static bool PaysHere(const std::string& precision);

  // Whether it computes the embeddings of that layer of that architecture. LibTorch computes all.
  static bool Encodes(const std::string& architecture, const std::string& embedding_layer);

  // Errors: kInvalidArgument precision (also one that does not run here), threads, a fixed plan file that
  // holds none for this CPU, precision and number of threads.
  static absl::StatusOr<std::unique_ptr<CpuEngine>> Create(const Options& options);
  ~CpuEngine();

  // Folds and packs the weights of model::SampleCnn. The first load of an architecture measures how its
  // layers are best computed, unless a plan file says so. Errors: kInvalidArgument tensors that do not fit ·
  // kFailedPrecondition, kNotFound the fixed plans have none for it, or are gone · kInternal oneDNN.
  absl::StatusOr<std::shared_ptr<Encoder>> Load(const weights::TensorMap& tensors);

  // "timbre cpu bf16, AVX3, 2 threads".
  std::string description() const;

 private:
  struct Shared;
  explicit CpuEngine(std::shared_ptr<Shared> shared);
  const std::shared_ptr<Shared> shared_;
};

// Whether products of bfloat16 are instructions of this CPU (AVX512-BF16 or AMX).
bool CpuMultipliesBf16();

}  // namespace timbre::engine
