#include "client/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace timbre::client {
namespace {

template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status) {
  const auto payload =
      status.GetPayload(absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name()));
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

// Servers often put the violations into the message as well; then they are said once: a single one as the
// message, several as lines.
std::string DescribeMessage(const absl::Status& status) {
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  if (!bad || bad->field_violations_size() < 2) return absl::StrCat(": ", status.message());
  for (const auto& violation : bad->field_violations()) {
    if (!absl::StrContains(status.message(), violation.description()))
      return absl::StrCat(": ", status.message());
  }
  return absl::StrCat(": ", bad->field_violations_size(), " fields are wrong");
}

void DescribeFields(const absl::Status& status, std::string& out) {
  if (const auto bad = DetailOf<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad->field_violations()) {
      const std::string text = absl::StrCat(violation.field(), ": ", violation.description());
      if (!absl::StrContains(out, text)) absl::StrAppend(&out, "\n  ", text);
    }
  }
  if (const auto failure = DetailOf<google::rpc::PreconditionFailure>(status)) {
    for (const auto& violation : failure->violations()) {
      absl::StrAppend(&out, "\n  ", violation.subject(), ": ", violation.description());
    }
  }
}

void DescribeReason(const absl::Status& status, std::string& out) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info || (info->metadata().empty() && info->reason() == absl::StatusCodeToString(status.code())))
    return;
  std::vector<std::string> figures;
  for (const auto& [key, value] : info->metadata()) figures.push_back(absl::StrCat(key, "=", value));
  std::sort(figures.begin(), figures.end());
  absl::StrAppend(&out, "\n  reason: ", info->reason());
  if (!figures.empty()) absl::StrAppend(&out, " (", absl::StrJoin(figures, ", "), ")");
}

}  // namespace

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status rich;
  if (rich.ParseFromString(status.error_details())) {
    for (const auto& detail : rich.details()) out.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return out;
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const auto retry = DetailOf<google::rpc::RetryInfo>(status);
  if (!retry) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) + absl::Nanoseconds(retry->retry_delay().nanos());
}

std::string Describe(const absl::Status& status) {
  if (status.ok()) return "OK";
  std::string out = absl::StrCat(absl::StatusCodeToString(status.code()), DescribeMessage(status));
  DescribeFields(status, out);
  DescribeReason(status, out);
  if (const auto delay = RetryDelay(status)) {
    absl::StrAppend(&out, "\n  try again in ", absl::FormatDuration(*delay));
  }
  if (const auto request = DetailOf<google::rpc::RequestInfo>(status)) {
    absl::StrAppend(&out, "\n  request id: ", request->request_id());
  }
  return out;
}

}  // namespace timbre::client
