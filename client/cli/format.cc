#include "client/cli/format.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace timbre::cli {

std::string FormatSeconds(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "?";
  const auto s = static_cast<int64_t>(std::llround(seconds));
  if (s < 60) return absl::StrFormat("%ds", s);
  if (s < 3600) return absl::StrFormat("%dm%02ds", s / 60, s % 60);
  if (s < 86400) return absl::StrFormat("%dh%02dm", s / 3600, s % 3600 / 60);
  return absl::StrFormat("%dd%02dh", s / 86400, s % 86400 / 3600);
}

std::string FormatBytes(int64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return absl::StrFormat("%.1f %s", value, unit);
}

std::string FormatInterval(double low, double high) {
  if (std::isnan(low) || std::isnan(high)) return "-";
  return absl::StrFormat("%.3f to %.3f", low, high);
}

std::string FormatScore(double score) { return std::isnan(score) ? "-" : absl::StrFormat("%.3f", score); }

std::string StateName(v1::JobState state) {
  const std::string name = v1::JobState_Name(state);
  constexpr absl::string_view kPrefix = "JOB_STATE_";
  return absl::StartsWith(name, kPrefix) ? name.substr(kPrefix.size()) : absl::StrCat("state ", state);
}

std::string KindName(const v1::Job& job) {
  switch (job.spec_case()) {
    case v1::Job::kSslTraining:
      return "training";
    case v1::Job::kLinearProbe:
      return "probe";
    case v1::Job::kIngest:
      return "ingest";
    case v1::Job::SPEC_NOT_SET:
      break;
  }
  return "unknown";
}

std::string FormatSteps(int64_t done, int64_t total) {
  if (total > 0) return absl::StrCat(done, "/", total);
  return done > 0 ? absl::StrCat(done) : "";
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", ToTime(time), absl::LocalTimeZone());
}

}  // namespace timbre::cli
