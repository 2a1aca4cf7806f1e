#include "server/services/job_service.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"
#include "server/services/job_log.h"
#include "server/services/pages.h"
#include "server/services/watch_job_reactor.h"

namespace timbre::services {
namespace {

// Looks up `name`, does `act`, and writes the job into the response.
template <typename Response, typename Act>
absl::Status ActOnJob(const std::string& name, Response* response, Act act) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string id, convert::ParseJobName(name));
  TIMBRE_ASSIGN_OR_RETURN(const jobs::Job job, act(id));
  TIMBRE_ASSIGN_OR_RETURN(*response->mutable_job(), convert::JobToProto(job));
  return absl::OkStatus();
}

absl::Status List(const jobs::JobStore& store, const v1::ListJobsRequest& request,
                  v1::ListJobsResponse* response) {
  jobs::JobStore::ListOptions options;
  TIMBRE_ASSIGN_OR_RETURN(options.page_size, PageSize(request.page_size()));
  if (!request.page_token().empty()) {
    const absl::StatusOr<std::string> id = convert::ParseJobName(request.page_token());
    if (!id.ok()) return absl::InvalidArgumentError("page_token is none that this server gave");
    options.before_id = *id;
  }
  for (const int state : request.states()) {
    TIMBRE_ASSIGN_OR_RETURN(const jobs::JobState parsed,
                            convert::FromProtoState(static_cast<v1::JobState>(state)));
    if (std::find(options.states.begin(), options.states.end(), parsed) == options.states.end()) {
      options.states.push_back(parsed);
    }
  }
  TIMBRE_ASSIGN_OR_RETURN(const jobs::JobStore::Page page, store.List(options));
  if (page.more) response->set_next_page_token(convert::JobName(page.jobs.back().id));
  for (const jobs::Job& job : page.jobs) {
    v1::Job& listed = *response->add_jobs();
    TIMBRE_ASSIGN_OR_RETURN(listed, convert::JobToProto(job));
    // Maps of many probes would not fit into an answer.
    if (listed.has_linear_probe_result()) listed.mutable_linear_probe_result()->clear_map();
  }
  return absl::OkStatus();
}

absl::Status ToResponse(const jobs::Job& job, v1::SubmitJobResponse* response) {
  TIMBRE_ASSIGN_OR_RETURN(*response->mutable_job(), convert::JobToProto(job));
  return absl::OkStatus();
}

// The job of an earlier call with this request_id, if the request is the same: whatever became of its data
// set or model since then.
absl::StatusOr<std::optional<jobs::Job>> FindRepeat(const jobs::JobStore& store,
                                                    const v1::SubmitJobRequest& request,
                                                    const absl::StatusOr<jobs::Job>& checked) {
  if (request.request_id().empty() || request.validate_only()) return std::optional<jobs::Job>();
  TIMBRE_ASSIGN_OR_RETURN(std::optional<jobs::Job> earlier, store.FindByRequestId(request.request_id()));
  if (!earlier.has_value() || earlier->kind != convert::KindOf(request.job()))
    return std::optional<jobs::Job>();
  if (!checked.ok()) {
    const bool world_changed =
        absl::IsNotFound(checked.status()) || absl::IsFailedPrecondition(checked.status());
    return world_changed ? earlier : std::optional<jobs::Job>();
  }
  TIMBRE_ASSIGN_OR_RETURN(v1::Job resolved, convert::SpecFromBytes(checked->spec));
  TIMBRE_ASSIGN_OR_RETURN(const v1::Job before, convert::SpecFromBytes(earlier->spec));
  if (convert::ParseModelName(request.job().linear_probe().model_version()).ok()) {
    // models/M meant the version that was the newest then.
    resolved.mutable_linear_probe()->set_model_version(before.linear_probe().model_version());
  }
  if (resolved.has_ssl_training() && !request.job().ssl_training().training_config().has_batch_tracks()) {
    // The data set may have had another size.
    resolved.mutable_ssl_training()->mutable_training_config()->set_batch_tracks(
        before.ssl_training().training_config().batch_tracks());
  }
  return convert::SpecBytes(resolved) == earlier->spec ? earlier : std::optional<jobs::Job>();
}

}  // namespace

grpc::ServerUnaryReactor* JobService::SubmitJob(grpc::CallbackServerContext* context,
                                                const v1::SubmitJobRequest* request,
                                                v1::SubmitJobResponse* response) {
  return deps_.runner.Run("JobService/SubmitJob", context, *request,
                          [this, request, response](const rpc::CallContext& call) -> absl::Status {
                            absl::StatusOr<jobs::Job> checked = deps_.checker.Check(*request);
                            TIMBRE_ASSIGN_OR_RETURN(const auto repeat,
                                                    FindRepeat(deps_.store, *request, checked));
                            if (repeat.has_value()) return ToResponse(*repeat, response);
                            TIMBRE_ASSIGN_OR_RETURN(jobs::Job job, std::move(checked));
                            job.client = call.caller.account;
                            if (!request->validate_only()) {
                              TIMBRE_ASSIGN_OR_RETURN(job, deps_.scheduler.Submit(std::move(job)));
                              LogSubmitted(job.id, job.kind, *call.record);
                            }
                            TIMBRE_ASSIGN_OR_RETURN(*response->mutable_job(), convert::JobToProto(job));
                            if (request->validate_only()) response->mutable_job()->clear_name();
                            return absl::OkStatus();
                          });
}

grpc::ServerUnaryReactor* JobService::GetJob(grpc::CallbackServerContext* context,
                                             const v1::GetJobRequest* request, v1::GetJobResponse* response) {
  return deps_.runner.Run("JobService/GetJob", context, *request,
                          [this, request, response](const rpc::CallContext&) {
                            return ActOnJob(request->name(), response,
                                            [this](const std::string& id) { return deps_.store.Get(id); });
                          });
}

grpc::ServerUnaryReactor* JobService::ListJobs(grpc::CallbackServerContext* context,
                                               const v1::ListJobsRequest* request,
                                               v1::ListJobsResponse* response) {
  return deps_.runner.Run(
      "JobService/ListJobs", context, *request,
      [this, request, response](const rpc::CallContext&) { return List(deps_.store, *request, response); });
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* JobService::WatchJob(grpc::CallbackServerContext* context,
                                                                     const v1::WatchJobRequest* request) {
  return NewWatchJobReactor({deps_.store, deps_.scheduler, deps_.runner, deps_.drain}, context, *request);
}

grpc::ServerUnaryReactor* JobService::PauseJob(grpc::CallbackServerContext* context,
                                               const v1::PauseJobRequest* request,
                                               v1::PauseJobResponse* response) {
  return deps_.runner.Run(
      "JobService/PauseJob", context, *request, [this, request, response](const rpc::CallContext&) {
        return ActOnJob(request->name(), response,
                        [this](const std::string& id) -> absl::StatusOr<jobs::Job> {
                          TIMBRE_ASSIGN_OR_RETURN(const jobs::Job job, deps_.store.Get(id));
                          if (job.kind != "ssl_training") {
                            return absl::FailedPreconditionError(
                                absl::StrCat("job '", id, "' is of kind ", job.kind,
                                             ", which makes no snapshots; only a training can be "
                                             "paused"));
                          }
                          return deps_.scheduler.Pause(id);
                        });
      });
}

grpc::ServerUnaryReactor* JobService::ResumeJob(grpc::CallbackServerContext* context,
                                                const v1::ResumeJobRequest* request,
                                                v1::ResumeJobResponse* response) {
  return deps_.runner.Run(
      "JobService/ResumeJob", context, *request, [this, request, response](const rpc::CallContext&) {
        return ActOnJob(request->name(), response,
                        [this](const std::string& id) { return deps_.scheduler.Resume(id); });
      });
}

grpc::ServerUnaryReactor* JobService::CancelJob(grpc::CallbackServerContext* context,
                                                const v1::CancelJobRequest* request,
                                                v1::CancelJobResponse* response) {
  return deps_.runner.Run(
      "JobService/CancelJob", context, *request, [this, request, response](const rpc::CallContext&) {
        return ActOnJob(request->name(), response,
                        [this](const std::string& id) -> absl::StatusOr<jobs::Job> {
                          TIMBRE_ASSIGN_OR_RETURN(jobs::Job job, deps_.scheduler.Cancel(id));
                          if (job.kind == "ingest" && jobs::IsTerminal(job.state))
                            TIMBRE_RETURN_IF_ERROR(deps_.catalog.Reconcile());
                          return job;
                        });
      });
}

grpc::ServerUnaryReactor* JobService::DeleteJob(grpc::CallbackServerContext* context,
                                                const v1::DeleteJobRequest* request, v1::DeleteJobResponse*) {
  return deps_.runner.Run(
      "JobService/DeleteJob", context, *request, [this, request](const rpc::CallContext&) -> absl::Status {
        TIMBRE_ASSIGN_OR_RETURN(const std::string id, convert::ParseJobName(request->name()));
        TIMBRE_RETURN_IF_ERROR(deps_.store.Delete(id));
        std::error_code ignored;  // a folder that stays is swept at the next start
        std::filesystem::remove_all(deps_.jobs_dir / id, ignored);
        return absl::OkStatus();
      });
}

}  // namespace timbre::services
