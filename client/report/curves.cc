#include "client/report/curves.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "client/report/numbers.h"

namespace timbre::report {
namespace {

// As many as a reader may want to read; the count is told.
constexpr size_t kProblemsKept = 100;

constexpr std::array<const char*, 8> kMetricNames = {
    "loss",       "learning_rate", "gradient_norm",      "alignment",
    "uniformity", "embedding_std", "windows_per_second", "data_wait_ratio"};

std::string ProblemName(v1::HealthProblem problem) {
  std::string name = v1::HealthProblem_Name(problem);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "HEALTH_PROBLEM_"));
}

}  // namespace

std::array<double, Curves::kMetricCount> Curves::Values(const v1::TrainingProgress& progress) {
  return {progress.loss(),
          progress.learning_rate(),
          progress.gradient_norm(),
          progress.alignment(),
          progress.uniformity(),
          progress.embedding_std(),
          progress.windows_per_second(),
          progress.data_wait_ratio()};
}

void Curves::Add(const v1::JobEvent& event) {
  switch (event.payload_case()) {
    case v1::JobEvent::kTrainingProgress:
      return AddProgress(event.training_progress());
    case v1::JobEvent::kHealthWarning:
      return AddProblem(event.health_warning());
    case v1::JobEvent::kSnapshotSaved:
      ++snapshot_count_;
      return;
    case v1::JobEvent::kResumed:
      resumed_at_.push_back(event.resumed().step());
      return DropAfter(event.resumed().step());
    default:
      return;
  }
}

void Curves::AddProgress(const v1::TrainingProgress& progress) {
  if (points_.empty() || points_.back().report_count >= reports_per_point_) {
    if (points_.size() >= point_limit_) Halve();
    if (points_.empty() || points_.back().report_count >= reports_per_point_) points_.emplace_back();
  }
  Point& point = points_.back();
  if (point.report_count++ == 0) point.first_step = progress.step();
  point.last_step = progress.step();
  const auto values = Values(progress);
  for (size_t m = 0; m < kMetricCount; ++m) {
    if (!std::isfinite(values[m])) continue;
    point.sums[m] += values[m];
    ++point.finite_counts[m];
  }
}

void Curves::AddProblem(const v1::HealthWarning& warning) {
  ++problem_count_;
  if (problems_.size() < kProblemsKept) problems_.push_back(warning);
}

void Curves::DropAfter(int64_t step) {
  while (!points_.empty() && points_.back().first_step > step) points_.pop_back();
}

void Curves::Halve() {
  reports_per_point_ *= 2;
  std::vector<Point> halved;
  for (const Point& point : points_) {
    if (halved.empty() || halved.back().report_count + point.report_count > reports_per_point_) {
      halved.push_back(point);
      continue;
    }
    Point& into = halved.back();
    into.last_step = point.last_step;
    into.report_count += point.report_count;
    for (size_t m = 0; m < kMetricCount; ++m) {
      into.sums[m] += point.sums[m];
      into.finite_counts[m] += point.finite_counts[m];
    }
  }
  points_ = std::move(halved);
}

nlohmann::json Curves::ToJson() const {
  nlohmann::json steps = nlohmann::json::array();
  int64_t report_count = 0;
  for (const Point& point : points_) {
    steps.push_back(point.last_step);
    report_count += point.report_count;
  }
  nlohmann::json metrics = nlohmann::json::object();
  for (size_t m = 0; m < kMetricCount; ++m) {
    nlohmann::json values = nlohmann::json::array();
    bool any = false;
    for (const Point& point : points_) {
      const auto count = static_cast<double>(point.finite_counts[m]);
      values.push_back(count > 0 ? Number(point.sums[m] / count) : nlohmann::json());
      any |= count > 0;
    }
    if (any) metrics[kMetricNames[m]] = std::move(values);
  }
  nlohmann::json problems = nlohmann::json::array();
  for (const v1::HealthWarning& problem : problems_) {
    problems.push_back({{"step", problem.step()},
                        {"problem", ProblemName(problem.problem())},
                        {"message", problem.message()}});
  }
  return {{"steps", std::move(steps)},
          {"report_count", report_count},
          {"reports_per_point", reports_per_point_},
          {"metrics", std::move(metrics)},
          {"problems", std::move(problems)},
          {"problem_count", problem_count_},
          {"resumed_at", resumed_at_},
          {"snapshot_count", snapshot_count_}};
}

}  // namespace timbre::report
