#pragma once

#include <filesystem>
#include <string>

#include "core/base/cancel_token.h"
#include "core/jobs/job_store.h"
#include "core/jobs/scheduler.h"
#include "server/rpc/unary.h"
#include "server/services/dataset_catalog.h"
#include "server/services/submission.h"
#include "timbre/v1/job_service.grpc.pb.h"

namespace timbre::services {

// Threads: safe.
class JobService final : public v1::JobService::CallbackService {
 public:
  struct Dependencies {
    jobs::JobStore& store;
    jobs::Scheduler& scheduler;
    const SubmissionChecker& checker;
    const rpc::UnaryRunner& runner;
    std::filesystem::path jobs_dir;  // snapshots lie in {jobs_dir}/{job}
    base::CancelToken drain;         // ends the watchers
    DatasetCatalog& catalog;         // told of ingests that were cancelled before they ran
  };
  explicit JobService(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* SubmitJob(grpc::CallbackServerContext* context,
                                      const v1::SubmitJobRequest* request,
                                      v1::SubmitJobResponse* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                   v1::GetJobResponse* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(grpc::CallbackServerContext* context,
                                                           const v1::WatchJobRequest* request) override;
  grpc::ServerUnaryReactor* PauseJob(grpc::CallbackServerContext* context, const v1::PauseJobRequest* request,
                                     v1::PauseJobResponse* response) override;
  grpc::ServerUnaryReactor* ResumeJob(grpc::CallbackServerContext* context,
                                      const v1::ResumeJobRequest* request,
                                      v1::ResumeJobResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context,
                                      const v1::CancelJobRequest* request,
                                      v1::CancelJobResponse* response) override;
  grpc::ServerUnaryReactor* DeleteJob(grpc::CallbackServerContext* context,
                                      const v1::DeleteJobRequest* request,
                                      v1::DeleteJobResponse* response) override;

 private:
  Dependencies deps_;
};

}  // namespace timbre::services
