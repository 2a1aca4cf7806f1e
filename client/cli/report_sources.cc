#include "client/cli/report_sources.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/datasets.h"
#include "client/job_follower.h"
#include "client/jobs.h"
#include "client/models.h"

namespace timbre::cli {
namespace {

class Gatherer {
 public:
  Gatherer(const Session& session, report::ReportParts& parts)
      : session_(session), connection_(session.Connect()), parts_(parts) {}

  absl::Status Run(const std::string& job_name) {
    auto job = client::GetJob(connection_, job_name);
    if (!job.ok()) return job.status();
    parts_.job = *std::move(job);
    if (parts_.job.has_ssl_training()) {
      parts_.training = parts_.job;
      return GatherTraining();
    }
    if (parts_.job.has_linear_probe()) return GatherProbe();
    return absl::InvalidArgumentError(
        absl::StrCat(job_name, " is neither a training nor a probe; `timbre jobs` lists both"));
  }

 private:
  absl::Status GatherTraining() {
    const v1::Job& training = *parts_.training;
    if (training.has_ssl_training_result()) {
      absl::Status version = GatherVersion(training.ssl_training_result().model_version());
      if (!version.ok()) return version;
    }
    absl::Status dataset = GatherDataset("trained on", training.ssl_training().dataset());
    return dataset.ok() ? GatherCurves() : dataset;
  }

  absl::Status GatherProbe() {
    const v1::LinearProbeSpec& spec = parts_.job.linear_probe();
    const std::string& tagger = parts_.job.linear_probe_result().tagger();
    // The spec may name the model alone; the tagger tells which of its versions was the newest then.
    const size_t end = tagger.find("/taggers/");
    absl::Status status =
        GatherVersion(end == std::string::npos ? spec.model_version() : tagger.substr(0, end));
    if (status.ok()) status = GatherDataset("the head learned from", spec.train_dataset());
    if (status.ok()) status = GatherDataset("judged on", spec.test_dataset());
    if (!status.ok() || !parts_.model_version) return status;
    const std::string& maker = parts_.model_version->job();
    if (maker.empty()) {
      Note(absl::StrCat(parts_.model_version->name(), " was not trained here: it has no curves."));
      return absl::OkStatus();
    }
    auto training = client::GetJob(connection_, maker);
    if (!training.ok()) return Missing(training.status(), maker, "its curves are left out");
    parts_.training = *std::move(training);
    status = GatherDataset("the encoder was trained on", parts_.training->ssl_training().dataset());
    return status.ok() ? GatherCurves() : status;
  }

  absl::Status GatherVersion(const std::string& name) {
    const size_t end = name.find("/versions/");
    if (end == std::string::npos) return absl::OkStatus();
    auto model = client::GetModel(connection_, name.substr(0, end));
    if (!model.ok()) return Missing(model.status(), name, "what was made of it is left out");
    for (const v1::ModelVersion& version : model->versions()) {
      if (version.name() == name) parts_.model_version = version;
    }
    if (!parts_.model_version) Note(absl::StrCat(name, " is not there any more."));
    return absl::OkStatus();
  }

  absl::Status GatherDataset(const std::string& role, const std::string& name) {
    auto dataset = client::GetDataset(connection_, name);
    if (!dataset.ok()) return Missing(dataset.status(), name, "its figures are left out");
    parts_.datasets.push_back({role, *std::move(dataset)});
    return absl::OkStatus();
  }

  absl::Status GatherCurves() {
    const int64_t last = parts_.training->last_sequence();
    if (last <= 0) return absl::OkStatus();
    const double give_up = session_.give_up_after_seconds;
    return client::FollowJob(
        connection_,
        {.job = parts_.training->name(),
         .until_sequence = last,
         .give_up_after = give_up > 0 ? absl::Seconds(give_up) : absl::InfiniteDuration()},
        {.on_event = [this](const v1::JobEvent& event) { parts_.curves.Add(event); }});
  }

  // What was deleted since only leaves its part out.
  absl::Status Missing(const absl::Status& status, const std::string& name, absl::string_view effect) {
    if (!absl::IsNotFound(status)) return status;
    Note(absl::StrCat(name, " is not there any more: ", effect, "."));
    return absl::OkStatus();
  }

  void Note(std::string note) { parts_.notes.push_back(std::move(note)); }

  const Session& session_;
  const client::Connection connection_;
  report::ReportParts& parts_;
};

}  // namespace

absl::StatusOr<report::ReportParts> GatherReport(const Session& session, const std::string& job) {
  report::ReportParts parts;
  parts.program_version = TIMBRE_VERSION;
  const absl::Status status = Gatherer(session, parts).Run(job);
  if (!status.ok()) return status;
  return parts;
}

}  // namespace timbre::cli
