#include "client/jobs.h"

#include <timbre/v1/job_service.grpc.pb.h>

#include <algorithm>

#include "client/call.h"
#include "client/request_id.h"

namespace timbre::client {
namespace {

template <typename Request>
Request ByName(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

template <typename Response>
absl::StatusOr<v1::Job> TakeJob(absl::StatusOr<Response> response) {
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_job());
}

}  // namespace

absl::StatusOr<v1::Job> SubmitJob(const Connection& connection, v1::SubmitJobRequest request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  const auto stub = v1::JobService::NewStub(connection.channel);
  return TakeJob(CallUnary<v1::SubmitJobResponse>(
      connection, Retry::kSafe,
      [&](auto* context, auto* response) { return stub->SubmitJob(context, request, response); }));
}

absl::StatusOr<v1::Job> GetJob(const Connection& connection, const std::string& name) {
  const auto request = ByName<v1::GetJobRequest>(name);
  const auto stub = v1::JobService::NewStub(connection.channel);
  return TakeJob(CallUnary<v1::GetJobResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
    return stub->GetJob(context, request, response);
  }));
}

absl::StatusOr<std::vector<v1::Job>> ListJobs(const Connection& connection,
                                              const std::vector<v1::JobState>& states, int limit) {
  const auto stub = v1::JobService::NewStub(connection.channel);
  v1::ListJobsRequest request;
  for (v1::JobState state : states) request.add_states(state);
  std::vector<v1::Job> jobs;
  do {
    request.set_page_size(std::min(1000, limit - static_cast<int>(jobs.size())));
    auto page = CallUnary<v1::ListJobsResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
      return stub->ListJobs(context, request, response);
    });
    if (!page.ok()) return page.status();
    std::move(page->mutable_jobs()->begin(), page->mutable_jobs()->end(), std::back_inserter(jobs));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && static_cast<int>(jobs.size()) < limit);
  return jobs;
}

absl::StatusOr<v1::Job> PauseJob(const Connection& connection, const std::string& name) {
  const auto request = ByName<v1::PauseJobRequest>(name);
  const auto stub = v1::JobService::NewStub(connection.channel);
  return TakeJob(CallUnary<v1::PauseJobResponse>(
      connection, Retry::kNever,
      [&](auto* context, auto* response) { return stub->PauseJob(context, request, response); }));
}

absl::StatusOr<v1::Job> ResumeJob(const Connection& connection, const std::string& name) {
  const auto request = ByName<v1::ResumeJobRequest>(name);
  const auto stub = v1::JobService::NewStub(connection.channel);
  return TakeJob(CallUnary<v1::ResumeJobResponse>(
      connection, Retry::kNever,
      [&](auto* context, auto* response) { return stub->ResumeJob(context, request, response); }));
}

absl::StatusOr<v1::Job> CancelJob(const Connection& connection, const std::string& name) {
  const auto request = ByName<v1::CancelJobRequest>(name);
  const auto stub = v1::JobService::NewStub(connection.channel);
  return TakeJob(CallUnary<v1::CancelJobResponse>(
      connection, Retry::kNever,
      [&](auto* context, auto* response) { return stub->CancelJob(context, request, response); }));
}

absl::Status DeleteJob(const Connection& connection, const std::string& name) {
  const auto request = ByName<v1::DeleteJobRequest>(name);
  const auto stub = v1::JobService::NewStub(connection.channel);
  return CallUnary<v1::DeleteJobResponse>(
             connection, Retry::kNever,
             [&](auto* context, auto* response) { return stub->DeleteJob(context, request, response); })
      .status();
}

bool IsOver(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

}  // namespace timbre::client
