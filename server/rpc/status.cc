#include "server/rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace timbre::rpc {
namespace {

constexpr char kTypePrefix[] = "type.googleapis.com/";

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

absl::Status NotBuilt(const std::string& what) {
  return WithReason(absl::UnimplementedError(absl::StrCat(what,
                                                          " is not part of this release; see the README's "
                                                          "list of what is served")),
                    "NOT_BUILT");
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
    // A queue or pool that is full clears in about this time; limits that never clear say so in their
    // message.
    if (absl::StrContains(status.message(), "queue is full")) {
      rich = WithRetryDelay(std::move(rich), absl::Milliseconds(250));
    }
  }
  google::rpc::Status proto;
  proto.set_code(status.raw_code());
  proto.set_message(std::string(status.message()));
  rich.ForEachPayload([&proto](absl::string_view type_url, const absl::Cord& payload) {
    google::protobuf::Any* any = proto.add_details();
    any->set_type_url(std::string(type_url));
    any->set_value(std::string(payload));
  });
  return {code, std::string(status.message()), proto.SerializeAsString()};
}

}  // namespace timbre::rpc
