#include "client/dataset_upload.h"

#include <timbre/v1/dataset_service.grpc.pb.h>

#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/client_stream.h"
#include "client/folder.h"

namespace timbre::client {
namespace {

class Upload {
 public:
  Upload(const Connection& connection, const UploadOptions& options)
      : options_(options),
        stub_(v1::DatasetService::NewStub(connection.channel)),
        writer_(stub_->UploadDataset(Prepared(connection, context_), &response_)) {}

  absl::StatusOr<v1::UploadDatasetResponse> Run(const std::vector<FolderFile>& files) {
    for (const FolderFile& file : files) total_bytes_ += file.size_bytes;
    const absl::Status status = FinishClientStream(context_, *writer_, SendAll(files));
    if (!status.ok()) return status;
    return std::move(response_);
  }

 private:
  // Only local trouble is an error here: a server that stops listening says why in the status of the call.
  absl::Status SendAll(const std::vector<FolderFile>& files) {
    v1::UploadDatasetRequest start;
    start.mutable_start()->set_dataset_id(options_.dataset_id);
    start.mutable_start()->set_track_id_pattern(options_.track_id_pattern);
    bool open = writer_->Write(start);
    for (const FolderFile& file : files) {
      if (!open) return absl::OkStatus();
      v1::UploadDatasetRequest begin;
      begin.mutable_file()->set_path(file.name);
      open = writer_->Write(begin);
      if (absl::Status sent = SendContent(file, open); !sent.ok()) return sent;
    }
    v1::UploadDatasetRequest end;
    end.mutable_end()->set_file_count(static_cast<int64_t>(files.size()));
    end.mutable_end()->set_byte_count(sent_bytes_);
    if (open) writer_->Write(end);
    return absl::OkStatus();
  }

  absl::Status SendContent(const FolderFile& file, bool& open) {
    std::ifstream in(file.path, std::ios::binary);
    if (!in) return absl::PermissionDeniedError(absl::StrCat(file.path.string(), ": cannot be read"));
    std::string buffer(static_cast<size_t>(options_.chunk_bytes), '\0');
    while (open && in) {
      in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      const auto count = static_cast<size_t>(in.gcount());
      if (count == 0) break;
      v1::UploadDatasetRequest chunk;
      chunk.set_chunk(buffer.data(), count);
      open = writer_->Write(chunk);
      sent_bytes_ += static_cast<int64_t>(count);
      if (options_.on_progress) options_.on_progress(sent_bytes_, total_bytes_);
    }
    if (in.bad()) return absl::DataLossError(absl::StrCat(file.path.string(), ": reading failed"));
    return absl::OkStatus();
  }

  const UploadOptions& options_;
  grpc::ClientContext context_;
  v1::UploadDatasetResponse response_;
  std::unique_ptr<v1::DatasetService::Stub> stub_;
  std::unique_ptr<grpc::ClientWriter<v1::UploadDatasetRequest>> writer_;
  int64_t sent_bytes_ = 0;
  int64_t total_bytes_ = 0;
};

}  // namespace

absl::StatusOr<v1::UploadDatasetResponse> UploadDataset(const Connection& connection,
                                                        const UploadOptions& options) {
  auto files = ScanFolder(options.folder);
  if (!files.ok()) return files.status();
  return Upload(connection, options).Run(*files);
}

}  // namespace timbre::client
