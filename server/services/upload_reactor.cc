#include "server/services/upload_reactor.h"

#include "core/base/status_macros.h"
#include "server/convert/dataset_convert.h"
#include "server/services/client_stream_reactor.h"
#include "server/services/job_log.h"
#include "server/services/upload_session.h"

namespace timbre::services {
namespace {

// Answers with what the session made.
class AnsweringSession {
 public:
  explicit AnsweringSession(const UploadDependencies& deps)
      : session_(deps.catalog, {deps.staging_root, deps.max_bytes, deps.client}) {}

  absl::Status Take(const v1::UploadDatasetRequest& message) { return session_.Take(message); }

  absl::Status Finish(const rpc::CallRecord& record, v1::UploadDatasetResponse* response) {
    TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo info, session_.Finish());
    LogIngest(info.job, record);
    *response->mutable_dataset() = convert::DatasetToProto(info, /*with_skipped=*/false);
    response->set_job(info.job);
    return absl::OkStatus();
  }

 private:
  UploadSession session_;
};

}  // namespace

grpc::ServerReadReactor<v1::UploadDatasetRequest>* NewUploadReactor(const UploadDependencies& deps,
                                                                    grpc::CallbackServerContext* context,
                                                                    v1::UploadDatasetResponse* response) {
  using Reactor = ClientStreamReactor<AnsweringSession, v1::UploadDatasetRequest, v1::UploadDatasetResponse>;
  return new Reactor({deps.runner, "DatasetService/UploadDataset", *context, response}, deps);
}

}  // namespace timbre::services
