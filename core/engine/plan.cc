#include "core/engine/plan.h"

#include <chrono>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/engine/aligned_buffer.h"
#include "core/engine/cpu_network.h"
#include "core/engine/plan_file.h"
#include "core/engine/team.h"

namespace timbre::engine {
namespace {

using nlohmann::json;

constexpr int64_t kTiles[] = {27, 54, 81, 128, 162, 192, kMaxTile};
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

// Seconds that one window takes in this layer, the best of some runs.
template <typename T>
absl::StatusOr<double> Measure(const FoldedLayer& layer, const LayerChoice& choice) {
  TIMBRE_ASSIGN_OR_RETURN(const auto tiled, TiledLayer<T>::Create(layer, choice, StackOf(layer)));
  const int64_t windows = tiled->windows_at_once();
  const int64_t in_stride = (kRowsBefore + layer.rows_in + kRowsAfter) * layer.in_channels;
  const int64_t out_stride = (layer.rows_out() + 1) * layer.out_channels;
  AlignedBuffer<T> in(windows * in_stride), out(windows * out_stride);
  AlignedBuffer<T> transformed(tiled->transformed_size());
  AlignedBuffer<float> products(tiled->products_size());
  TIMBRE_ASSIGN_OR_RETURN(auto bench, tiled->MakeBench(transformed.data(), products.data()));
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const int64_t step = StackOf(layer) > 1 ? layer.rows_out() : choice.tile;
    for (int64_t at = 0; at < layer.rows_out(); at += step) {
      const Piece<T> piece{.in = in.data() + 3 * at * layer.in_channels,
                           .out = out.data() + at * layer.out_channels,
                           .in_stride = in_stride,
                           .out_stride = out_stride,
                           .windows = windows,
                           .pool_windows = std::min(step, layer.rows_out() - at)};
      TIMBRE_RETURN_IF_ERROR(tiled->Run(bench, piece));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / static_cast<double>(windows));
  }
  return best;
}

template <typename T>
absl::StatusOr<Plan> MeasureAll(const FoldedStack& stack, bool bf16) {
  Plan plan;
  for (const FoldedLayer& layer : stack.layers) {
    const std::vector<LayerChoice> candidates = Candidates(layer, bf16);
    LayerChoice best = candidates.front();
    double least = std::numeric_limits<double>::infinity();
    for (const LayerChoice& candidate : candidates) {
      if (candidates.size() == 1) break;
      TIMBRE_ASSIGN_OR_RETURN(const double seconds, Measure<T>(layer, candidate));
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

std::string EntryName(const PlanKey& key, const FoldedStack& stack) {
  return absl::StrCat(key.cpu, " | ", key.isa, " | ", key.precision, " | ", key.threads, " threads | ",
                      ShapesOf(stack), " | kernels ", kKernels);
}

json ReadPlans(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = base::ReadFile(path);
  if (absl::IsNotFound(text.status())) return json::object();
  json plans = ParsePlanFile(text.value_or(""));
  if (plans.empty())
    base::LogError("{} has no plan that can be read; the engine measures anew", path.string());
  return plans;
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
  plans[name] = PlanToJson(plan);
  if (path.empty()) return plan;
  const absl::Status written = base::WriteFileAtomically(path, plans.dump(1) + "\n");
  if (!written.ok()) base::LogError("the engine's plan is not kept: {}", written.ToString());
  return plan;
}

}  // namespace timbre::engine
