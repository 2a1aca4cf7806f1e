#pragma once

#include <cstdint>
#include <map>
#include <string>

// Torch-free: seen by the pipeline, metrics and server.
namespace timbre::train {

// The figures of one step.
struct StepReport {
  int64_t step = 0;  // 1-based: steps done
  int64_t steps_total = 0;
  int64_t windows = 0;  // in each step
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  double alignment = 0;
  double uniformity = 0;
  double embedding_std = 0;
  double windows_per_second = 0;  // since the previous report
  double data_wait_ratio = 0;     // share of the time since the previous report that waited for data
  double eta_seconds = 0;
  std::map<std::string, double> diagnostics = {};  // the objective's own, by name
};

enum class HealthProblem { kLossAtChance, kCollapse, kNotFinite, kStarving };

struct HealthEvent {
  HealthProblem problem = HealthProblem::kNotFinite;
  int64_t step = 0;
  std::string message;  // what was seen, and what usually helps
};

// Told by the training loop, on its thread; must not block for long.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnStep(const StepReport&) {}
  virtual void OnHealth(const HealthEvent&) {}
  virtual void OnSnapshot(int64_t /*step*/, double /*seconds*/) {}
  virtual void OnResumed(int64_t /*step*/) {}
};

}  // namespace timbre::train
