#pragma once

// Values of messages as JSON of a report. All are pure.

#include <google/protobuf/timestamp.pb.h>
#include <timbre/v1/probe_result.pb.h>

#include <nlohmann/json.hpp>

namespace timbre::report {

// Six significant digits, which is more than a plot shows; null for what is not finite.
nlohmann::json Number(double value);

// [low, high]; null if `set` is false or an end is not finite.
nlohmann::json Interval(bool set, const v1::ConfidenceInterval& interval);

// "2026-03-01T14:05:09+00:00"; null if it is the epoch, which stands for unset.
nlohmann::json Time(const google::protobuf::Timestamp& time);

}  // namespace timbre::report
