#include "server/convert/field_errors.h"

#include <vector>

#include "absl/strings/str_join.h"
#include "server/rpc/status.h"

namespace timbre::convert {

void FieldErrors::Add(const std::string& field, const std::string& description) {
  auto* violation = bad_request_.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
}

void FieldErrors::AddIfError(const std::string& field, const absl::Status& status) {
  if (!status.ok()) Add(field, std::string(status.message()));
}

void FieldErrors::CheckAbove(const std::string& field, double value, double low, double high) {
  if (!(value > low && value <= high)) {
    Add(field, absl::StrCat("must be in (", low, ", ", high, "], got ", value));
  }
}

absl::Status FieldErrors::ToStatus() const {
  if (empty()) return absl::OkStatus();
  std::vector<std::string> lines;
  for (const auto& violation : bad_request_.field_violations()) {
    lines.push_back(absl::StrCat(violation.field(), ": ", violation.description()));
  }
  return rpc::WithDetail(absl::InvalidArgumentError(absl::StrJoin(lines, "; ")), bad_request_);
}

google::protobuf::Timestamp ToProtoTimestamp(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t nanos = absl::ToUnixNanos(time);
  proto.set_seconds(nanos / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return proto;
}

}  // namespace timbre::convert
