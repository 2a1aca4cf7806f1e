#pragma once

// Numbers and words as people read them. All are pure.

#include <google/protobuf/timestamp.pb.h>
#include <timbre/v1/job_service.pb.h>

#include <string>

#include "absl/time/time.h"

namespace timbre::cli {

// 7 -> "7s", 123 -> "2m03s", 3720 -> "1h02m", 273600 -> "3d04h"; "?" for what is negative or not a number.
std::string FormatSeconds(double seconds);

// 512 -> "512 B", 1536 -> "1.5 KiB".
std::string FormatBytes(int64_t bytes);

// Three decimals; "-" for not a number.
std::string FormatScore(double score);

// "0.391 to 0.433"; "-" where an end is not a number.
std::string FormatInterval(double low, double high);

// "RUNNING" for JOB_STATE_RUNNING.
std::string StateName(v1::JobState state);

// "training", "probe" or "ingest".
std::string KindName(const v1::Job& job);

// "450/1000", or "450" while the count is unknown; empty before anything was done.
std::string FormatSteps(int64_t done, int64_t total);

absl::Time ToTime(const google::protobuf::Timestamp& time);

// "2026-03-01 14:05:09" in the local time zone; empty if unset.
std::string FormatTime(const google::protobuf::Timestamp& time);

}  // namespace timbre::cli
