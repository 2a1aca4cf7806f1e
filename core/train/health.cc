#include "core/train/health.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace timbre::train {
namespace {

constexpr int kStreakSteps = 20;
constexpr int64_t kFirstChanceStep = 50;
constexpr double kChanceTolerance = 0.01;
constexpr double kCollapsedStd = 0.05;
constexpr double kCollapsedUniformity = -0.05;
constexpr double kStarvingRatio = 0.5;

}  // namespace

std::vector<HealthEvent> HealthMonitor::Check(const StepReport& report) {
  std::vector<HealthEvent> events;
  const auto track = [&](Tracker& tracker, bool ill, int needed_steps, HealthProblem problem,
                         std::string message) {
    if (auto event = Track(tracker, ill, needed_steps, {problem, report.step, std::move(message)})) {
      events.push_back(*std::move(event));
    }
  };

  const bool finite = std::isfinite(report.loss) && std::isfinite(report.gradient_norm);
  track(
      not_finite_, !finite, 1, HealthProblem::kNotFinite,
      absl::StrFormat("loss %g with gradient norm %g at step %d: not finite. A lower learning rate, a higher "
                      "temperature or precision fp32 usually helps.",
                      report.loss, report.gradient_norm, report.step));
  // A chance value of NaN (an objective without one) compares false.
  track(at_chance_, std::abs(report.loss - chance_loss_) <= kChanceTolerance * chance_loss_, kStreakSteps,
        HealthProblem::kLossAtChance,
        absl::StrFormat(
            "the loss stands at %.4f, which is what is lost when nothing is learned (%.4f). A higher "
            "learning rate, more tracks in a batch or milder augmentations usually help.",
            report.loss, chance_loss_));
  track(collapsed_, report.embedding_std < kCollapsedStd || report.uniformity > kCollapsedUniformity,
        kStreakSteps, HealthProblem::kCollapse,
        absl::StrFormat(
            "the embeddings collapse: std %.3f (spread: 1), uniformity %.3f (spread: below -1). A lower "
            "temperature or learning rate, or data with more variety, usually helps.",
            report.embedding_std, report.uniformity));
  track(starving_, report.data_wait_ratio > kStarvingRatio, kStreakSteps, HealthProblem::kStarving,
        absl::StrFormat(
            "training waits for data %.0f %% of the time. More loader workers or a faster disk help.",
            100 * report.data_wait_ratio));
  return events;
}

std::vector<HealthEvent> HealthMonitor::ongoing() const {
  std::vector<HealthEvent> events;
  for (const Tracker* tracker : {&not_finite_, &at_chance_, &collapsed_, &starving_}) {
    if (tracker->reported) events.push_back(tracker->last);
  }
  return events;
}

std::optional<HealthEvent> HealthMonitor::Track(Tracker& tracker, bool ill, int needed_steps,
                                                const HealthEvent& event) {
  if (!ill) {
    tracker = Tracker();
    return std::nullopt;
  }
  ++tracker.streak;
  tracker.last = event;
  const bool too_early = event.problem == HealthProblem::kLossAtChance && event.step < kFirstChanceStep;
  if (tracker.reported || tracker.streak < needed_steps || too_early) return std::nullopt;
  tracker.reported = true;
  return event;
}

}  // namespace timbre::train
