#include "client/report/numbers.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace timbre::report {

nlohmann::json Number(double value) {
  if (!std::isfinite(value)) return nullptr;
  double rounded = value;
  if (!absl::SimpleAtod(absl::StrFormat("%.6g", value), &rounded)) return nullptr;
  return rounded;
}

nlohmann::json Interval(bool set, const v1::ConfidenceInterval& interval) {
  if (!set || !std::isfinite(interval.low()) || !std::isfinite(interval.high())) return nullptr;
  return {Number(interval.low()), Number(interval.high())};
}

nlohmann::json Time(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return nullptr;
  return absl::FormatTime(absl::RFC3339_sec, absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

}  // namespace timbre::report
