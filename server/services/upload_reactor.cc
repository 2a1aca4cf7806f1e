#include "server/services/upload_reactor.h"

#include "core/base/cancel_token.h"
#include "server/convert/dataset_convert.h"
#include "server/services/upload_session.h"

namespace timbre::services {
namespace {

// States: READ a read is outstanding (OnReadDone) · WORK the message is written to disk on the pool · END
// Finish was called. While a message is written nothing is read, so a slow disk holds the client back.
class UploadReactor final : public grpc::ServerReadReactor<v1::UploadDatasetRequest> {
 public:
  UploadReactor(const UploadDependencies& deps, const grpc::CallbackServerContext& context,
                v1::UploadDatasetResponse* response)
      : deps_(deps),
        record_(deps.runner.environment(), "DatasetService/UploadDataset", context),
        response_(response),
        session_(deps.catalog, deps.staging_root, deps.max_bytes) {
    const absl::Status accepting = rpc::CheckAccepting(deps.runner.environment());
    if (accepting.ok()) {
      StartRead(&request_);
    } else {
      End(accepting);
    }
  }

  void OnReadDone(bool ok) override {
    // A stream that broke is no end of an upload: only a client that closed its side has sent all.
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    const auto work = [this, ok] { ok ? TakeMessage() : MakeDataset(); };
    base::Executor& pool = deps_.runner.pool();
    const absl::Status scheduled = begun_ ? pool.Continue(work) : pool.Schedule(work);
    begun_ = true;
    if (!scheduled.ok()) End(scheduled);
  }

  void OnCancel() override {
    cancel_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
  }
  void OnDone() override { delete this; }

 private:
  void TakeMessage() {
    const absl::Status taken = session_.Take(request_);
    if (!taken.ok()) return End(taken);
    StartRead(&request_);
  }

  void MakeDataset() {
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    const absl::StatusOr<registry::DatasetInfo> info = session_.Finish();
    if (info.ok()) {
      *response_->mutable_dataset() = convert::DatasetToProto(*info, /*with_skipped=*/false);
      response_->set_job(info->job);
    }
    End(info.status());
  }

  void End(const absl::Status& status) {
    record_.Handled(status);
    Finish(rpc::ToGrpcStatus(status));
  }

  const UploadDependencies deps_;
  rpc::CallRecord record_;
  v1::UploadDatasetResponse* const response_;
  base::CancelSource cancel_;
  UploadSession session_;
  v1::UploadDatasetRequest request_;
  bool begun_ = false;  // an upload that was accepted is not refused half-way
};

}  // namespace

grpc::ServerReadReactor<v1::UploadDatasetRequest>* NewUploadReactor(const UploadDependencies& deps,
                                                                    grpc::CallbackServerContext* context,
                                                                    v1::UploadDatasetResponse* response) {
  return new UploadReactor(deps, *context, response);
}

}  // namespace timbre::services
