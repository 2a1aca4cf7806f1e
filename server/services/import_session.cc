#include "server/services/import_session.h"

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"
#include "core/weights/checkpoint.h"
#include "core/weights/served_form.h"
#include "server/convert/field_errors.h"
#include "server/convert/model_convert.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

constexpr size_t kMaxFileName = 255;

// torch.save writes zip archives, and before PyTorch 1.6 pickles: the commonest mistake, so it has its words.
absl::Status CheckKind(std::string_view bytes) {
  const bool zip = bytes.substr(0, 4) == std::string_view("PK\x03\x04", 4);
  const bool pickle = bytes.substr(0, 1) == "\x80" && bytes.substr(1, 1) < std::string_view("\x06");
  if (!zip && !(pickle && bytes.substr(2, 1) == "\x8a")) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the file is what torch.save writes (.pt, .ckpt), not safetensors; turn it into safetensors with "
      "client/python/convert_checkpoint.py first");
}

// Not ReadTensorFile: its errors name the file in the spool, which tells a client nothing.
absl::StatusOr<weights::TensorFile> ReadFile(const std::filesystem::path& path) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string bytes, base::ReadFile(path));
  return weights::ParseTensorFile(bytes);
}

}  // namespace

absl::Status ImportSession::Take(const v1::ImportModelRequest& message) {
  if (ended_) return absl::InvalidArgumentError("a message came after `end`, the last of an import");
  if (staged_.has_value() == message.has_start()) {
    return absl::InvalidArgumentError(message.has_start()
                                          ? "`start` may only be the first message of an import"
                                          : "the first message of an import must be `start`");
  }
  switch (message.part_case()) {
    case v1::ImportModelRequest::kStart:
      return Start(message.start());
    case v1::ImportModelRequest::kChunk:
      return Append(message.chunk());
    case v1::ImportModelRequest::kEnd:
      return End(message.end());
    case v1::ImportModelRequest::PART_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a message of the import is empty; set start, chunk or end");
}

absl::Status ImportSession::Start(const v1::ImportStart& start) {
  convert::FieldErrors errors;
  const absl::StatusOr<std::string> id = convert::ParseModelName(start.model());
  errors.AddIfError("start.model", id.ok() ? convert::CheckId("model", *id) : id.status());
  if (start.file_name().size() > kMaxFileName) {
    errors.Add("start.file_name", absl::StrCat("has ", start.file_name().size(), " bytes; at most ",
                                               kMaxFileName, " are allowed"));
  }
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  version_.model = *id;
  origin_.file_name = start.file_name();
  staged_.emplace(deps_.spool_dir, "import");
  errno = 0;
  file_.open(staged_->path(), std::ios::binary | std::ios::trunc);
  return file_ ? absl::OkStatus() : base::ErrnoStatus(errno, "create", staged_->path());
}

absl::Status ImportSession::Append(const std::string& bytes) {
  if (bytes_ == 0) TIMBRE_RETURN_IF_ERROR(CheckKind(bytes));
  bytes_ += static_cast<int64_t>(bytes.size());
  if (bytes_ > deps_.max_bytes) {
    return base::ExhaustedError(
        base::Exhausted::kLimit,
        absl::StrCat(
            "the file has ", bytes_, " bytes or more; at most ", deps_.max_bytes,
            " are allowed: leave the optimiser's state out, or raise limits.max_model_upload_bytes"));
  }
  sha256_.Update(bytes);
  errno = 0;
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file_ ? absl::OkStatus() : base::ErrnoStatus(errno, "write", staged_->path());
}

absl::Status ImportSession::End(const v1::ImportEnd& end) {
  origin_.sha256 = sha256_.HexDigest();
  if (end.byte_count() != bytes_ || end.sha256() != origin_.sha256) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`end` speaks of ", end.byte_count(), " bytes with sha256 '", end.sha256().substr(0, 64), "', but ",
        bytes_, " bytes with ", origin_.sha256, " came; nothing was kept: send the file again"));
  }
  ended_ = true;
  errno = 0;
  file_.close();
  return file_ ? absl::OkStatus() : base::ErrnoStatus(errno, "write", staged_->path());
}

absl::Status ImportSession::Finish(const rpc::CallRecord& /*record*/, v1::ImportModelResponse* response) {
  if (!ended_) {
    return absl::InvalidArgumentError(
        "the import ended without `end`, so it may not be whole; nothing was kept: send `end` with the count "
        "of "
        "bytes and their sha256 as the last message");
  }
  TIMBRE_ASSIGN_OR_RETURN(weights::TensorFile file, ReadFile(staged_->path()));
  TIMBRE_ASSIGN_OR_RETURN(weights::Checkpoint checkpoint, weights::ReadCheckpoint(std::move(file.tensors)));
  TIMBRE_RETURN_IF_ERROR(weights::TakeServedForm(file.metadata, checkpoint, version_.card));
  version_.encoder = std::move(checkpoint.encoder);
  version_.projector = std::move(checkpoint.projector);
  origin_.key_naming = std::move(checkpoint.recognised);
  origin_.notes = std::move(checkpoint.notes);
  version_.card.origin = origin_;
  version_.card.build = deps_.build;
  TIMBRE_ASSIGN_OR_RETURN(const registry::Version published, deps_.models.Publish(version_));
  *response->mutable_model_version() = convert::VersionToProto(published);
  return absl::OkStatus();
}

}  // namespace timbre::services
