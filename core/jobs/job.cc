#include "core/jobs/job.h"

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace timbre::jobs {
namespace {

using enum JobState;

constexpr std::array<std::pair<JobState, const char*>, 8> kNames = {{
    {kQueued, "QUEUED"},
    {kRunning, "RUNNING"},
    {kPausing, "PAUSING"},
    {kPaused, "PAUSED"},
    {kCancelling, "CANCELLING"},
    {kSucceeded, "SUCCEEDED"},
    {kFailed, "FAILED"},
    {kCancelled, "CANCELLED"},
}};

// PAUSING and CANCELLING are requests: a body that is done before it sees one still succeeds, or fails.
// QUEUED -> FAILED is a job that cannot even be started.
constexpr std::pair<JobState, JobState> kTransitions[] = {
    {kQueued, kRunning},    {kQueued, kPaused},      {kQueued, kCancelled},     {kQueued, kFailed},
    {kRunning, kPausing},   {kRunning, kCancelling}, {kRunning, kSucceeded},    {kRunning, kFailed},
    {kPausing, kPaused},    {kPausing, kCancelling}, {kPausing, kSucceeded},    {kPausing, kFailed},
    {kPaused, kQueued},     {kPaused, kCancelled},   {kCancelling, kCancelled}, {kCancelling, kSucceeded},
    {kCancelling, kFailed}, {kFailed, kQueued},      {kCancelled, kQueued},
};

}  // namespace

const char* JobStateName(JobState state) {
  for (const auto& [value, name] : kNames) {
    if (value == state) return name;
  }
  return "UNKNOWN";
}

absl::StatusOr<JobState> JobStateFromName(const std::string& name) {
  for (const auto& [value, known] : kNames) {
    if (name == known) return value;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "no job state '", name, "'; there are ",
      absl::StrJoin(kNames, ", ",
                    [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.second); })));
}

bool IsTerminal(JobState state) { return state == kSucceeded || state == kFailed || state == kCancelled; }

absl::Status CheckTransition(JobState from, JobState to) {
  std::vector<std::string> sources;
  for (const auto& [source, target] : kTransitions) {
    if (target != to) continue;
    if (source == from) return absl::OkStatus();
    sources.emplace_back(JobStateName(source));
  }
  return absl::FailedPreconditionError(absl::StrCat("a job that is ", JobStateName(from), " cannot become ",
                                                    JobStateName(to), "; only one that is ",
                                                    absl::StrJoin(sources, ", "), " can"));
}

std::string NewJobId() {
  std::random_device device;
  const uint64_t bits = (static_cast<uint64_t>(device()) << 32 | device()) & 0xffffffffffffULL;
  return absl::StrCat("j", absl::Hex(bits, absl::kZeroPad12));
}

}  // namespace timbre::jobs
