#include "client/model_transfer.h"

#include <timbre/v1/model_service.grpc.pb.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/client_stream.h"
#include "client/folder.h"
#include "client/output_file.h"
#include "client/sha256.h"
#include "client/status.h"

namespace timbre::client {
namespace {

namespace fs = std::filesystem;

absl::Status LastError(const fs::path& path) {
  return FileError(path, {errno != 0 ? errno : EIO, std::generic_category()});
}

class Import {
 public:
  Import(const Connection& connection, const ImportOptions& options)
      : options_(options),
        stub_(v1::ModelService::NewStub(connection.channel)),
        writer_(stub_->ImportModel(Prepared(connection, context_), &response_)) {}

  absl::StatusOr<v1::ModelVersion> Run(std::ifstream& file, int64_t total_bytes) {
    const absl::Status status = FinishClientStream(context_, *writer_, Send(file, total_bytes));
    if (!status.ok()) return status;
    return std::move(*response_.mutable_model_version());
  }

 private:
  // Only local trouble is an error here: a server that stops listening says why in the status of the call.
  absl::Status Send(std::ifstream& file, int64_t total_bytes) {
    v1::ImportModelRequest start;
    start.mutable_start()->set_model(options_.model);
    start.mutable_start()->set_file_name(options_.file.filename().string());
    bool open = writer_->Write(start);
    Sha256 sha256;
    int64_t sent_bytes = 0;
    std::string buffer(static_cast<size_t>(options_.chunk_bytes), '\0');
    while (open && file) {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      const auto count = static_cast<size_t>(file.gcount());
      if (count == 0) break;
      v1::ImportModelRequest chunk;
      chunk.set_chunk(buffer.data(), count);
      open = writer_->Write(chunk);
      sha256.Update(chunk.chunk());
      sent_bytes += static_cast<int64_t>(count);
      if (options_.on_progress) options_.on_progress(sent_bytes, total_bytes);
    }
    if (file.bad()) return absl::DataLossError(absl::StrCat(options_.file.string(), ": reading failed"));
    v1::ImportModelRequest end;
    end.mutable_end()->set_byte_count(sent_bytes);
    end.mutable_end()->set_sha256(sha256.HexDigest());
    if (open) writer_->Write(end);
    return absl::OkStatus();
  }

  const ImportOptions& options_;
  grpc::ClientContext context_;
  v1::ImportModelResponse response_;
  std::unique_ptr<v1::ModelService::Stub> stub_;
  std::unique_ptr<grpc::ClientWriter<v1::ImportModelRequest>> writer_;
};

class Export {
 public:
  explicit Export(const ExportOptions& options) : options_(options) {}

  absl::Status Take(const v1::ExportModelResponse& message) {
    if (message.has_start()) return Start(message.start());
    if (!file_.open() || ended_) return absl::DataLossError("the export's messages came out of order");
    if (message.has_end()) return End(message.end());
    received_.byte_count += static_cast<int64_t>(message.chunk().size());
    sha256_.Update(message.chunk());
    if (options_.on_progress) options_.on_progress(received_.byte_count, total_bytes_);
    return file_.Append(message.chunk());
  }

  absl::StatusOr<Exported> Finish() {
    if (!ended_) return absl::DataLossError("the export ended without its last message; try again");
    if (absl::Status kept = file_.Keep(); !kept.ok()) return kept;
    received_.path = file_.path();
    return std::move(received_);
  }

 private:
  absl::Status Start(const v1::ExportStart& start) {
    if (file_.open()) return absl::DataLossError("the export began twice");
    received_.notes.assign(start.notes().begin(), start.notes().end());
    total_bytes_ = start.byte_count();
    std::error_code error;
    const bool folder = fs::is_directory(options_.path, error);
    // The name's last part alone: a server cannot choose another folder.
    return file_.Open(folder ? options_.path / fs::path(start.file_name()).filename() : options_.path);
  }

  absl::Status End(const v1::ExportEnd& end) {
    ended_ = true;
    received_.sha256 = sha256_.HexDigest();
    if (end.byte_count() == received_.byte_count && end.sha256() == received_.sha256) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the export came damaged: ", received_.byte_count, " bytes of ",
                                            end.byte_count(), ", sha256 ", received_.sha256, " instead of ",
                                            end.sha256(), "; try again"));
  }

  const ExportOptions& options_;
  OutputFile file_;
  Sha256 sha256_;
  Exported received_;
  int64_t total_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace

absl::StatusOr<v1::ModelVersion> ImportModel(const Connection& connection, const ImportOptions& options) {
  std::error_code error;
  if (fs::is_directory(options.file, error)) {
    return absl::InvalidArgumentError(absl::StrCat(options.file.string(), " is a folder; give a file"));
  }
  const auto size = fs::file_size(options.file, error);
  if (error) return FileError(options.file, error);
  errno = 0;
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return LastError(options.file);
  return Import(connection, options).Run(file, static_cast<int64_t>(size));
}

absl::StatusOr<Exported> ExportModel(const Connection& connection, const ExportOptions& options) {
  v1::ExportModelRequest request;
  request.set_model_version(options.model_version);
  request.set_format(options.format);
  grpc::ClientContext context;
  const auto stub = v1::ModelService::NewStub(connection.channel);
  const auto reader = stub->ExportModel(Prepared(connection, context), request);
  Export received(options);
  absl::Status local;
  v1::ExportModelResponse message;
  while (local.ok() && reader->Read(&message)) local = received.Take(message);
  if (!local.ok()) context.TryCancel();
  const absl::Status remote = FromGrpcStatus(reader->Finish());
  if (!local.ok()) return local;
  if (!remote.ok()) return remote;
  return received.Finish();
}

}  // namespace timbre::client
