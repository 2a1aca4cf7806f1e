#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace timbre::cli {

// Parses a textproto into `message`. `origin` names the text and `wanted` what it should be, with where that
// is described: "a TrainingConfig is wanted: see training_config.proto". Errors: kInvalidArgument with line
// and column.
absl::Status ParseTextproto(const std::string& text, const std::string& origin, const std::string& wanted,
                            google::protobuf::Message& message);

}  // namespace timbre::cli
