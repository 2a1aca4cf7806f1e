#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/folded_stack.h"
#include "core/engine/plan_file.h"

namespace timbre::engine {

// What a measurement of this machine holds for.
struct PlanKey {
  std::string cpu;        // "AMD EPYC"
  std::string isa;        // "AVX3": what the kernels run on
  std::string precision;  // fp32 | bf16
  int threads = 1;
  bool operator==(const PlanKey&) const = default;
};
PlanKey PlanKeyHere(const std::string& precision, int threads);

// Runs every layer by every algorithm and tile that suits the precision, on the calling thread, and takes the
// fastest: some seconds. bf16 is not given to winograd6, which would cost it half of its digits.
// Errors: as TiledLayer::Create.
absl::StatusOr<Plan> MeasurePlan(const FoldedStack& stack, const std::string& precision);

// Every layer by the direct products of its convolution, which round as LibTorch's do: nothing to measure.
Plan DirectPlan(const FoldedStack& stack);

// The plan that `path` holds for the key and the stack's shapes; where there is none, a measured one, which
// is added to the file (empty path: not kept). Replicas that share the file agree, and no later load
// measures. A file that cannot be read or written costs a measurement and a line in the log. Errors: as
// MeasurePlan.
absl::StatusOr<Plan> LoadOrMeasurePlan(const std::filesystem::path& path, const FoldedStack& stack,
                                       const PlanKey& key);

// The plan that `path`, a file as LoadOrMeasurePlan writes it, holds for the key and the stack's shapes.
// Errors: kNotFound no such file · kFailedPrecondition it has none, or one that does not suit the layers.
absl::StatusOr<Plan> FixedPlan(const std::filesystem::path& path, const FoldedStack& stack,
                               const PlanKey& key);

// Whether the file holds a plan for the key, of whatever shapes. Errors: as FixedPlan.
absl::Status CheckFixedPlans(const std::filesystem::path& path, const PlanKey& key);

}  // namespace timbre::engine
