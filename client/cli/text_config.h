#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace timbre::cli {

// Parses a config as textproto into `config`; `origin` names the text in errors, `wanted` what it should be.
// Errors: kInvalidArgument with origin, line and column.
absl::Status ParseTextConfig(const std::string& text, const std::string& origin, const std::string& wanted,
                             google::protobuf::Message& config);

}  // namespace timbre::cli
