#include "server/rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/retry_after.h"

namespace timbre::rpc {
namespace {

// Bytes of the well-formed character that `text` begins with; 0 if it begins with none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const size_t length = byte < 0x80   ? 1
                        : byte < 0xC2 ? 0
                        : byte < 0xE0 ? 2
                        : byte < 0xF0 ? 3
                        : byte < 0xF5 ? 4
                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

constexpr char kTypePrefix[] = "type.googleapis.com/";

// The message travels twice in the trailers, which a client may bound at 8 KiB: past that it would see
// another error.
constexpr size_t kMaxMessage = 1500;
constexpr size_t kMaxDetails = 4096;

// At most kMaxMessage bytes, cut between characters; invalid UTF-8 is replaced, for it would not parse.
std::string Bounded(absl::string_view message) {
  std::string out(message.substr(0, kMaxMessage));
  if (message.size() > kMaxMessage) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += " ...";
  }
  std::string valid;
  for (size_t i = 0; i < out.size();) {
    const size_t length = Utf8Length(absl::string_view(out).substr(i));
    valid.append(length == 0 ? "?" : out.substr(i, length));
    i += std::max<size_t>(length, 1);
  }
  return valid;
}

std::string TypeUrl(const google::protobuf::Message& message) {
  return absl::StrCat(kTypePrefix, message.GetDescriptor()->full_name());
}

}  // namespace

absl::Status WithDetail(absl::Status status, const google::protobuf::Message& detail) {
  status.SetPayload(TypeUrl(detail), absl::Cord(detail.SerializeAsString()));
  return status;
}

absl::Status WithReason(absl::Status status, const std::string& reason,
                        const std::vector<std::pair<std::string, std::string>>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_domain("timbre");
  info.set_reason(reason);
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  return WithDetail(std::move(status), info);
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  const int64_t nanos = absl::ToInt64Nanoseconds(delay);
  retry.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return WithDetail(std::move(status), retry);
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.raw_code());
  google::rpc::ErrorInfo plain;
  absl::Status rich = status;
  if (!rich.GetPayload(TypeUrl(plain))) {
    rich = WithReason(std::move(rich), absl::StatusCodeToString(status.code()));
  }
  if (status.code() == absl::StatusCode::kResourceExhausted &&
      !rich.GetPayload(TypeUrl(google::rpc::RetryInfo()))) {
    // Limits that never clear have none.
    if (const auto delay = base::RetryAfterOf(status)) rich = WithRetryDelay(std::move(rich), *delay);
  }
  google::rpc::Status proto;
  proto.set_code(status.raw_code());
  proto.set_message(Bounded(status.message()));
  rich.ForEachPayload([&proto](absl::string_view type_url, const absl::Cord& payload) {
    if (!absl::StartsWith(type_url, kTypePrefix)) return;  // between rooms of the server only
    google::protobuf::Any* any = proto.add_details();
    any->set_type_url(std::string(type_url));
    any->set_value(std::string(payload));
  });
  const std::string details = proto.SerializeAsString();
  return {code, proto.message(), details.size() <= kMaxDetails ? details : std::string()};
}

}  // namespace timbre::rpc
