#include "server/convert/config_convert.h"

namespace timbre::convert {
namespace {

void HealthFromProto(const v1::RuntimeConfig& proto, const std::string& p, train::RuntimeConfig& runtime,
                     FieldErrors& errors) {
  for (int i = 0; i < proto.stop_on_health_size(); ++i) {
    switch (proto.stop_on_health(i)) {
      case v1::HEALTH_PROBLEM_LOSS_AT_CHANCE:
        runtime.stop_on_health.push_back(train::HealthProblem::kLossAtChance);
        break;
      case v1::HEALTH_PROBLEM_COLLAPSE:
        runtime.stop_on_health.push_back(train::HealthProblem::kCollapse);
        break;
      case v1::HEALTH_PROBLEM_NOT_FINITE:
        runtime.stop_on_health.push_back(train::HealthProblem::kNotFinite);
        break;
      case v1::HEALTH_PROBLEM_STARVING:
        runtime.stop_on_health.push_back(train::HealthProblem::kStarving);
        break;
      default:
        errors.Add(absl::StrCat(p, "stop_on_health[", i, "]"),
                   absl::StrCat("unknown value ", static_cast<int>(proto.stop_on_health(i))));
    }
  }
  if (proto.has_health_grace_steps()) runtime.health_grace_steps = proto.health_grace_steps();
  errors.CheckRange<int64_t>(p + "health_grace_steps", runtime.health_grace_steps, 0, 10'000'000);
}

}  // namespace

train::RuntimeConfig RuntimeConfigFromProto(const v1::RuntimeConfig& proto, const std::string& prefix,
                                            FieldErrors& errors) {
  train::RuntimeConfig runtime;
  const std::string p = prefix + ".";
  if (proto.has_device()) runtime.device = proto.device();
  switch (proto.precision()) {
    case v1::PRECISION_UNSPECIFIED:
    case v1::PRECISION_AUTO:
      runtime.precision = "auto";
      break;
    case v1::PRECISION_FP32:
      runtime.precision = "fp32";
      break;
    case v1::PRECISION_BF16:
      runtime.precision = "bf16";
      break;
    default:
      errors.Add(p + "precision", absl::StrCat("unknown value ", static_cast<int>(proto.precision())));
  }
  switch (proto.train_engine()) {
    case v1::TRAIN_ENGINE_UNSPECIFIED:
    case v1::TRAIN_ENGINE_AUTO:
      runtime.train_engine = "auto";
      break;
    case v1::TRAIN_ENGINE_TORCH:
      runtime.train_engine = "torch";
      break;
    case v1::TRAIN_ENGINE_TIMBRE:
      runtime.train_engine = "timbre";
      break;
    default:
      errors.Add(p + "train_engine", absl::StrCat("unknown value ", static_cast<int>(proto.train_engine())));
  }
  if (proto.has_loader_workers()) runtime.loader_workers = proto.loader_workers();
  errors.CheckRange<int64_t>(p + "loader_workers", runtime.loader_workers, 1, 64);
  if (proto.has_snapshot_interval_steps()) runtime.snapshot_interval_steps = proto.snapshot_interval_steps();
  errors.CheckRange<int64_t>(p + "snapshot_interval_steps", runtime.snapshot_interval_steps, 1, 1'000'000);
  if (proto.has_report_interval_steps()) runtime.report_interval_steps = proto.report_interval_steps();
  errors.CheckRange<int64_t>(p + "report_interval_steps", runtime.report_interval_steps, 1, 1'000'000);
  HealthFromProto(proto, p, runtime, errors);
  return runtime;
}

}  // namespace timbre::convert
