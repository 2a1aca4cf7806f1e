#include "core/engine/plan.h"

#include <chrono>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/engine/aligned_buffer.h"
#include "core/engine/cpu_network.h"
#include "core/engine/layer_trial.h"
#include "core/engine/plan_file.h"
#include "core/engine/team.h"

namespace timbre::engine {
namespace {

using nlohmann::json;

constexpr int64_t kTiles[] = {27, 54, 81, 128, 162};
constexpr int64_t kDirectTile = 81;
constexpr int kRepeats = 4;
// Of the engine's products and kernels: where they change, so may what is fastest, and old plans are measured
// anew.
constexpr int kKernels = 2;

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  }
  return "unknown";
}

std::vector<LayerChoice> Candidates(const FoldedLayer& layer, bool bf16) {
  std::vector<LayerChoice> candidates;
  if (!layer.pool) return {{Algorithm::kDirect, kTiles[0]}};
  for (const Algorithm algorithm : {Algorithm::kDirect, Algorithm::kWinograd3, Algorithm::kWinograd6}) {
    for (const int64_t tile : kTiles) {
      const LayerChoice candidate{algorithm, tile};
      if (Suits(candidate, layer, bf16)) candidates.push_back(candidate);
    }
  }
  return candidates;
}

// What comes between two uses of a layer's weights: the other layers' weights, which no L2 cache holds too.
class OtherWork {
 public:
  OtherWork() : numbers_(kNumbers) {}
  void Run() {
    for (int64_t i = 0; i < kNumbers; i += kLine) numbers_.data()[i] += 1;
  }

 private:
  static constexpr int64_t kNumbers = (int64_t{8} << 20) / sizeof(float), kLine = 64 / sizeof(float);
  AlignedBuffer<float> numbers_;
};

// Seconds that one window takes, the best of some runs.
template <typename T, typename Before>
absl::StatusOr<double> Best(LayerTrial<T>& trial, int64_t windows, const Before& before) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepeats; ++i) {
    before();
    const auto begin = std::chrono::steady_clock::now();
    TIMBRE_RETURN_IF_ERROR(trial.Run(windows));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / static_cast<double>(windows));
  }
  return best;
}

// What a candidate is judged by: those seconds, of a stacked layer once in company and once alone, when its
// weights come from afar. A window alone is what the latest answer waits for, and costs the most.
template <typename T>
absl::StatusOr<double> SecondsOf(const FoldedLayer& layer, const LayerChoice& choice, OtherWork& other) {
  TIMBRE_ASSIGN_OR_RETURN(const auto trial, LayerTrial<T>::Create(layer, choice));
  TIMBRE_ASSIGN_OR_RETURN(double seconds, Best(*trial, trial->windows_at_once(), [] {}));
  if (StackOf(layer) == 1) return seconds;
  TIMBRE_ASSIGN_OR_RETURN(const double alone, Best(*trial, 1, [&] { other.Run(); }));
  return seconds + alone;
}

template <typename T>
absl::StatusOr<Plan> MeasureAll(const FoldedStack& stack, bool bf16) {
  Plan plan;
  OtherWork other;
  for (const FoldedLayer& layer : stack.layers) {
    const std::vector<LayerChoice> candidates = Candidates(layer, bf16);
    LayerChoice best = candidates.front();
    double least = std::numeric_limits<double>::infinity();
    for (const LayerChoice& candidate : candidates) {
      if (candidates.size() == 1) break;
      TIMBRE_ASSIGN_OR_RETURN(const double seconds, SecondsOf<T>(layer, candidate, other));
      if (seconds >= least) continue;
      least = seconds;
      best = candidate;
    }
    plan.push_back(best);
  }
  return plan;
}

// What tells one stack's shapes from another's.
std::string ShapesOf(const FoldedStack& stack) {
  std::string shapes = absl::StrCat(stack.window_samples, ":", stack.first.out_channels);
  for (const FoldedLayer& layer : stack.layers) absl::StrAppend(&shapes, "-", layer.out_channels);
  return shapes;
}

std::string KernelsName() { return absl::StrCat(" | kernels ", kKernels); }

std::string KeyName(const PlanKey& key) {
  return absl::StrCat(key.cpu, " | ", key.isa, " | ", key.precision, " | ", key.threads, " threads | ");
}

std::string EntryName(const PlanKey& key, const FoldedStack& stack) {
  return absl::StrCat(KeyName(key), ShapesOf(stack), KernelsName());
}

// Those of other kernels are of no use any more.
void DropOld(const std::filesystem::path& path, json& plans) {
  json kept = json::object();
  for (const auto& [name, plan] : plans.items()) {
    if (absl::EndsWith(name, KernelsName())) kept[name] = plan;
  }
  if (kept.size() < plans.size()) base::LogInfo("{}: plans of other kernels are dropped", path.string());
  plans = std::move(kept);
}

json ReadPlans(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = base::ReadFile(path);
  if (absl::IsNotFound(text.status())) return json::object();
  json plans = ParsePlanFile(text.value_or(""));
  if (plans.empty())
    base::LogError("{} has no plan that can be read; the engine measures anew", path.string());
  return plans;
}

absl::Status NoFixedPlan(const std::filesystem::path& path, const std::string& name) {
  return absl::FailedPreconditionError(absl::StrCat(
      path.string(), " holds no plan '", name,
      "' that suits; a server of this version without fixed plans measures one and writes it into "
      "the engine_plan.json of its state folder"));
}

}  // namespace

PlanKey PlanKeyHere(const std::string& precision, int threads) {
  return {.cpu = CpuName(), .isa = KernelTarget(), .precision = precision, .threads = threads};
}

absl::StatusOr<Plan> MeasurePlan(const FoldedStack& stack, const std::string& precision) {
  const bool bf16 = precision == "bf16";
  absl::StatusOr<Plan> plan = absl::InternalError("not measured");
  // A thread of its own: the caller's products may go on using many.
  Team team(1);
  team.Run([&](int) { plan = bf16 ? MeasureAll<Bf16>(stack, true) : MeasureAll<float>(stack, false); });
  return plan;
}

Plan DirectPlan(const FoldedStack& stack) {
  return Plan(stack.layers.size(), LayerChoice{Algorithm::kDirect, kDirectTile});
}

absl::StatusOr<Plan> LoadOrMeasurePlan(const std::filesystem::path& path, const FoldedStack& stack,
                                       const PlanKey& key) {
  const std::string name = EntryName(key, stack);
  json plans = path.empty() ? json::object() : ReadPlans(path);
  if (plans.contains(name)) {
    if (std::optional<Plan> plan = FindPlan(plans, name, stack, key.precision == "bf16"))
      return *std::move(plan);
    base::LogError("{}: the plan of '{}' does not fit; it is measured anew", path.string(), name);
  }
  TIMBRE_ASSIGN_OR_RETURN(Plan plan, MeasurePlan(stack, key.precision));
  DropOld(path, plans);
  plans[name] = PlanToJson(plan);
  if (path.empty()) return plan;
  const absl::Status written = base::WriteFileAtomically(path, plans.dump(1) + "\n");
  if (!written.ok()) base::LogError("the engine's plan is not kept: {}", written.ToString());
  return plan;
}

absl::StatusOr<Plan> FixedPlan(const std::filesystem::path& path, const FoldedStack& stack,
                               const PlanKey& key) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  const std::string name = EntryName(key, stack);
  std::optional<Plan> plan = FindPlan(ParsePlanFile(text), name, stack, key.precision == "bf16");
  if (!plan.has_value()) return NoFixedPlan(path, name);
  return *std::move(plan);
}

absl::Status CheckFixedPlans(const std::filesystem::path& path, const PlanKey& key) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  const std::string begin = KeyName(key);
  const json plans = ParsePlanFile(text);
  for (const auto& [name, plan] : plans.items()) {
    if (absl::StartsWith(name, begin) && absl::EndsWith(name, KernelsName())) return absl::OkStatus();
  }
  return NoFixedPlan(path, absl::StrCat(begin, "...", KernelsName()));
}

}  // namespace timbre::engine
