#include "core/engine/cpu_engine.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/engine/cpu_network.h"
#include "core/engine/folded_stack.h"
#include "core/engine/kernels.h"
#include "core/engine/plan.h"
#include "core/engine/products.h"
#include "core/engine/team.h"
#include "core/weights/embedding_layer.h"

namespace timbre::engine {

struct CpuEngine::Shared {
  explicit Shared(const Options& given) : options(given), team(given.threads) {}

  std::string Description() const {
    return absl::StrCat("timbre cpu ", options.precision, options.direct ? " direct, " : ", ", KernelTarget(),
                        ", ", options.threads, options.threads == 1 ? " thread" : " threads");
  }

  absl::StatusOr<Plan> ChoosePlan(const FoldedStack& stack) {
    if (options.direct) return DirectPlan(stack);
    base::MutexLock lock(planning);
    const PlanKey key = PlanKeyHere(options.precision, options.threads);
    return options.fixed_plan_file.empty() ? LoadOrMeasurePlan(options.plan_file, stack, key)
                                           : FixedPlan(options.fixed_plan_file, stack, key);
  }

  const Options options;  // precision is fp32 or bf16
  base::Mutex planning;
  base::Mutex running;
  Team team;
};

namespace {

template <typename T>
class CpuEncoder final : public Encoder {
 public:
  CpuEncoder(std::unique_ptr<CpuNetwork<T>> network, const FoldedStack& stack, base::Mutex& running,
             std::string description, std::shared_ptr<void> owner)
      : owner_(std::move(owner)),
        running_(running),
        network_(std::move(network)),
        window_samples_(stack.window_samples),
        embedding_dim_(stack.embedding_dim()),
        description_(std::move(description)) {}

  absl::Status Encode(std::span<const float> windows, int64_t count, std::span<float> out) override {
    if (count < 1 || static_cast<int64_t>(windows.size()) != count * window_samples_ ||
        static_cast<int64_t>(out.size()) != count * embedding_dim_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Encode got ", windows.size(), " samples and room for ", out.size(), " numbers for ", count,
          " windows; each window has ", window_samples_, " samples and ", embedding_dim_, " numbers"));
    }
    base::MutexLock lock(running_);
    return network_->Encode(windows.data(), count, out.data());
  }

  int64_t window_samples() const override { return window_samples_; }
  int64_t embedding_dim() const override { return embedding_dim_; }
  std::string description() const override { return description_; }

 private:
  const std::shared_ptr<void> owner_;  // of the team and the lock
  base::Mutex& running_;
  const std::unique_ptr<CpuNetwork<T>> network_;
  const int64_t window_samples_;
  const int64_t embedding_dim_;
  const std::string description_;
};

}  // namespace

CpuEngine::CpuEngine(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
CpuEngine::~CpuEngine() = default;

bool CpuEngine::RunsHere(const std::string& precision) { return precision != "bf16" || HasBf16Products(); }

bool CpuEngine::PaysHere(const std::string& precision) {
#if defined(__x86_64__)
  return RunsHere(precision);
#else
  return false;
#endif
}

bool CpuEngine::Encodes(const std::string& architecture, const std::string& embedding_layer) {
  return architecture == "sample_cnn" && embedding_layer == weights::kEncoderLayer;
}

absl::StatusOr<std::unique_ptr<CpuEngine>> CpuEngine::Create(const Options& options) {
  Options chosen = options;
  if (chosen.precision == "auto")
    chosen.precision = CpuMultipliesBf16() && HasBf16Products() ? "bf16" : "fp32";
  if (chosen.precision != "fp32" && chosen.precision != "bf16") {
    return absl::InvalidArgumentError(
        absl::StrCat("precision is \"", options.precision, "\"; it must be fp32, bf16 or auto"));
  }
  if (!RunsHere(chosen.precision)) {
    return absl::InvalidArgumentError(
        "precision is bf16, which takes a CPU with AVX-512; set fp32 or auto, or the engine to torch");
  }
  if (chosen.threads < 1) {
    return absl::InvalidArgumentError(absl::StrCat("threads is ", chosen.threads, "; it must be at least 1"));
  }
  if (!chosen.fixed_plan_file.empty()) {
    const PlanKey key = PlanKeyHere(chosen.precision, chosen.threads);
    if (const absl::Status fixed = CheckFixedPlans(chosen.fixed_plan_file, key); !fixed.ok())
      return absl::InvalidArgumentError(absl::StrCat("inference.engine_plan: ", fixed.message()));
  }
  return std::unique_ptr<CpuEngine>(new CpuEngine(std::make_shared<Shared>(chosen)));
}

template <typename T>
static absl::StatusOr<std::shared_ptr<Encoder>> MakeEncoder(const FoldedStack& stack, const Plan& plan,
                                                            Team& team, base::Mutex& running,
                                                            std::string description,
                                                            std::shared_ptr<void> owner) {
  TIMBRE_ASSIGN_OR_RETURN(auto network, CpuNetwork<T>::Create(stack, plan, team));
  return std::make_shared<CpuEncoder<T>>(std::move(network), stack, running, std::move(description),
                                         std::move(owner));
}

absl::StatusOr<std::shared_ptr<Encoder>> CpuEngine::Load(const weights::TensorMap& tensors) {
  TIMBRE_ASSIGN_OR_RETURN(const FoldedStack stack, FoldSampleCnn(tensors));
  TIMBRE_ASSIGN_OR_RETURN(const Plan plan, shared_->ChoosePlan(stack));
  const auto make = shared_->options.precision == "bf16" ? &MakeEncoder<Bf16> : &MakeEncoder<float>;
  return make(stack, plan, shared_->team, shared_->running, description(), shared_);
}

std::string CpuEngine::description() const { return shared_->Description(); }

bool CpuMultipliesBf16() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") > 0;
#else
  return false;
#endif
}

}  // namespace timbre::engine
