#pragma once

#include <timbre/v1/job_event.pb.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace timbre::report {

// The curves of a training, made of its events as they come, in their order. Memory is bounded however long
// the training: once there are more points than the limit, each two become one, the mean of their reports.
// After a resume the steps that are made again take the place of those that were lost.
class Curves {
 public:
  // At least 2.
  explicit Curves(size_t point_limit = 1500) : point_limit_(point_limit) {}

  void Add(const v1::JobEvent& event);

  bool empty() const { return points_.empty(); }

  // {"steps": [...], "report_count": n, "reports_per_point": n, "metrics": {"loss": [...], ...},
  //  "problems": [{"step", "problem", "message"}, ...], "problem_count": n, "resumed_at": [step, ...],
  //  "snapshot_count": n}. A metric without a finite value is left out; a gap in one is null.
  nlohmann::json ToJson() const;

 private:
  static constexpr size_t kMetricCount = 8;
  struct Point {
    int64_t first_step = 0;
    int64_t last_step = 0;
    int64_t report_count = 0;
    std::array<double, kMetricCount> sums = {};
    std::array<int64_t, kMetricCount> finite_counts = {};
  };

  static std::array<double, kMetricCount> Values(const v1::TrainingProgress& progress);
  void AddProgress(const v1::TrainingProgress& progress);
  void AddProblem(const v1::HealthWarning& warning);
  void DropAfter(int64_t step);
  void Halve();

  const size_t point_limit_;
  int64_t reports_per_point_ = 1;
  std::vector<Point> points_;
  std::vector<v1::HealthWarning> problems_;
  int64_t problem_count_ = 0;
  std::vector<int64_t> resumed_at_;
  int64_t snapshot_count_ = 0;
};

}  // namespace timbre::report
