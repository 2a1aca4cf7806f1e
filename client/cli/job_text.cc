#include "client/cli/job_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/format.h"
#include "client/cli/probe_text.h"
#include "client/cli/table.h"
#include "client/cli/terminal.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

std::string PaintState(const Console& console, v1::JobState state) {
  if (state == v1::JOB_STATE_SUCCEEDED) return Paint(console, Colour::kGreen, StateName(state));
  if (state == v1::JOB_STATE_FAILED) return Paint(console, Colour::kRed, StateName(state));
  return Paint(console, Colour::kBold, StateName(state));
}

std::string About(const v1::Job& job) {
  switch (job.spec_case()) {
    case v1::Job::kSslTraining:
      return absl::StrCat(client::ShortName(job.ssl_training().dataset()), " -> ",
                          client::ShortName(job.ssl_training().model()));
    case v1::Job::kLinearProbe:
      return absl::StrCat(client::ShortVersion(job.linear_probe().model_version()), " on ",
                          client::ShortName(job.linear_probe().train_dataset()), ", ",
                          client::ShortName(job.linear_probe().test_dataset()));
    case v1::Job::kIngest:
      return client::ShortName(job.ingest().dataset());
    case v1::Job::SPEC_NOT_SET:
      break;
  }
  return "";
}

// The result in a few lines, with what to do next; empty without a result.
std::string ResultText(const v1::Job& job) {
  switch (job.result_case()) {
    case v1::Job::kSslTrainingResult: {
      const auto& result = job.ssl_training_result();
      const std::string version = client::ShortVersion(result.model_version());
      return absl::StrFormat(
          "made %s: %d steps, loss %.4f -> %.4f (mean of the last ten)\n"
          "judge it: timbre probe --model-version %s --train D --test D\nserve it: timbre promote %s\n",
          result.model_version(), result.step_count(), result.first_loss(), result.final_loss(), version,
          version);
    }
    case v1::Job::kLinearProbeResult:
      return absl::StrCat(ProbeText(job.linear_probe_result()),
                          job.linear_probe_result().tagger().empty()
                              ? "no tagger: the version serves another layer"
                              : absl::StrCat("tagger ", job.linear_probe_result().tagger()),
                          "\n");
    case v1::Job::kIngestResult:
      return absl::StrFormat("made %s: %d clips (%d decoded, %d from the cache), %d files left out\n",
                             job.ingest_result().dataset(), job.ingest_result().clip_count(),
                             job.ingest_result().decoded_count(), job.ingest_result().cached_count(),
                             job.ingest_result().skipped_count());
    case v1::Job::RESULT_NOT_SET:
      break;
  }
  return "";
}

}  // namespace

std::string JobTable(const std::vector<v1::Job>& jobs) {
  Table table({"JOB", "KIND", "STATE", "STEPS", "CREATED", "ABOUT"});
  table.AlignRight(3);
  for (const v1::Job& job : jobs) {
    std::string about = About(job);
    if (!job.display_name().empty()) absl::StrAppend(&about, " (", job.display_name(), ")");
    table.AddRow({client::ShortName(job.name()), KindName(job), StateName(job.state()),
                  FormatSteps(job.step(), job.step_count()), FormatTime(job.create_time()), about});
  }
  return table.Render();
}

std::string JobText(const Console& console, const v1::Job& job) {
  std::string out =
      absl::StrCat(job.name(), "  ", KindName(job), "  ", PaintState(console, job.state()), "\n");
  const auto line = [&out](const char* what, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&out, absl::StrFormat("  %-9s %s\n", what, value));
  };
  line("name", job.display_name());
  line("about", About(job));
  line("steps", FormatSteps(job.step(), job.step_count()));
  line("created", FormatTime(job.create_time()));
  line("started", FormatTime(job.start_time()));
  line("ended", FormatTime(job.end_time()));
  if (job.restart_count() > 0) line("restarts", absl::StrCat(job.restart_count()));
  line("events", absl::StrCat(job.last_sequence()));
  if (job.has_error()) line("error", Paint(console, Colour::kRed, job.error().message()));
  return out + ResultText(job);
}

std::string OutcomeText(const Console& console, const v1::Job& job) {
  std::string out = absl::StrCat(job.name(), " ", PaintState(console, job.state()));
  if (job.has_start_time() && job.has_end_time()) {
    const absl::Duration took = ToTime(job.end_time()) - ToTime(job.start_time());
    absl::StrAppend(&out, " in ", FormatSeconds(absl::ToDoubleSeconds(took)));
  }
  if (job.has_error()) absl::StrAppend(&out, ": ", job.error().message());
  return out + "\n" + ResultText(job);
}

}  // namespace timbre::cli
