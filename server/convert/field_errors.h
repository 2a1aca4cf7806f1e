#pragma once

#include <google/protobuf/timestamp.pb.h>
#include <google/rpc/error_details.pb.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace timbre::convert {

// Gathers all that is wrong with a request, field by field, into one INVALID_ARGUMENT with a
// google.rpc.BadRequest. Threads: compatible.
class FieldErrors {
 public:
  void Add(const std::string& field, const std::string& description);

  // Adds the message of a bad status; nothing for OK.
  void AddIfError(const std::string& field, const absl::Status& status);

  // Checks low <= value <= high.
  template <typename T>
  void CheckRange(const std::string& field, T value, T low, T high) {
    if (!(value >= low && value <= high)) {
      Add(field, absl::StrCat("must be in [", low, ", ", high, "], got ", value));
    }
  }

  // Checks low < value <= high.
  void CheckAbove(const std::string& field, double value, double low, double high);

  bool empty() const { return bad_request_.field_violations().empty(); }
  absl::Status ToStatus() const;  // OK if there was nothing

 private:
  google::rpc::BadRequest bad_request_;
};

google::protobuf::Timestamp ToProtoTimestamp(absl::Time time);

}  // namespace timbre::convert
