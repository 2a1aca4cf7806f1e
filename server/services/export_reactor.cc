#include "server/services/export_reactor.h"

#include <cerrno>
#include <fstream>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/cancel_token.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "server/rpc/guarded.h"
#include "server/rpc/stream_lease.h"
#include "server/services/model_export.h"
#include "server/services/staged_file.h"

namespace timbre::services {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

// States: WORK the file is made, or its next piece read, on the pool · WRITE a message is on its way
// (OnWriteDone) · END Finish was called. A slow client holds nothing but a file in the spool and one chunk.
class ExportReactor final : public grpc::ServerWriteReactor<v1::ExportModelResponse> {
 public:
  ExportReactor(const ExportDependencies& deps, grpc::CallbackServerContext& context,
                v1::ExportModelRequest request)
      : deps_(deps),
        record_(deps.runner.environment(), rpc::TimbrePath("ModelService/ExportModel"), context),
        request_(std::move(request)),
        staged_(deps.spool_dir, "export"),
        lease_(context, cancel_, deps.runner.environment().max_stream) {
    const rpc::CallEnvironment& environment = deps.runner.environment();
    absl::Status accepting = rpc::CheckAccepting(environment, record_);
    if (accepting.ok()) accepting = rpc::HoldMessage(environment, record_, request_, hold_);
    if (accepting.ok()) accepting = TakePlace();
    if (accepting.ok()) {
      Work([this] { return MakeFile(); });
    } else {
      End(accepting);
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the client went away"));
    if (response_.has_end()) return End(absl::OkStatus());
    Work([this] { return ReadPiece(); });
  }

  void OnCancel() override {
    cancel_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
  }
  void OnDone() override { delete this; }

 private:
  // Its file in the spool counts among what the client has there.
  absl::Status TakePlace() {
    TIMBRE_ASSIGN_OR_RETURN(place_,
                            deps_.runner.environment().gate.quotas().BeginUpload(record_.caller().account));
    return absl::OkStatus();
  }

  // `make` fills the next message.
  void Work(std::function<absl::Status()> make) {
    base::Executor& pool = deps_.runner.pool();
    const auto run = [this, make = std::move(make)] {
      absl::Status status = cancel_.token().Check();
      if (status.ok()) status = rpc::Guarded(make);
      if (!status.ok()) return End(status);
      StartWrite(&response_);
    };
    // Only the first piece of work asks for a place in the queue.
    const absl::Status scheduled = file_.is_open() ? pool.Continue(run) : pool.Schedule(run);
    if (!scheduled.ok()) End(scheduled);
  }

  absl::Status MakeFile() {
    TIMBRE_ASSIGN_OR_RETURN(const ExportedFile made, WriteExport(deps_.models, request_, staged_.path()));
    std::error_code error;
    const auto size = std::filesystem::file_size(staged_.path(), error);
    if (error) return base::ErrnoStatus(error.value(), "read", staged_.path());
    errno = 0;
    file_.open(staged_.path(), std::ios::binary);
    if (!file_) return base::ErrnoStatus(errno, "open", staged_.path());
    v1::ExportStart& start = *response_.mutable_start();
    start.set_file_name(made.file_name);
    start.set_byte_count(static_cast<int64_t>(size));
    for (const std::string& note : made.notes) start.add_notes(note);
    return absl::OkStatus();
  }

  absl::Status ReadPiece() {
    std::string& chunk = *response_.mutable_chunk();
    chunk.resize(kChunkBytes);
    errno = 0;
    file_.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    if (file_.bad()) return base::ErrnoStatus(errno, "read", staged_.path());
    chunk.resize(static_cast<size_t>(file_.gcount()));
    sent_bytes_ += file_.gcount();
    if (!chunk.empty()) {
      sha256_.Update(chunk);
      return absl::OkStatus();
    }
    response_.mutable_end()->set_byte_count(sent_bytes_);
    response_.mutable_end()->set_sha256(sha256_.HexDigest());
    return absl::OkStatus();
  }

  void End(const absl::Status& status) { Finish(record_.Handled(status)); }

  const ExportDependencies deps_;
  rpc::CallRecord record_;
  rpc::ByteBudget::Hold hold_;
  const v1::ExportModelRequest request_;
  const StagedFile staged_;
  base::CancelSource cancel_;
  rpc::StreamLease lease_;
  std::shared_ptr<void> place_;
  std::ifstream file_;
  base::Sha256 sha256_;
  int64_t sent_bytes_ = 0;
  v1::ExportModelResponse response_;  // the message under way
};

}  // namespace

grpc::ServerWriteReactor<v1::ExportModelResponse>* NewExportReactor(const ExportDependencies& deps,
                                                                    grpc::CallbackServerContext* context,
                                                                    const v1::ExportModelRequest& request) {
  return new ExportReactor(deps, *context, request);
}

}  // namespace timbre::services
