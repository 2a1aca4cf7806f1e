#pragma once

// The --json form: protobuf's JSON with the protos' own field names, all fields present.

#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

namespace timbre::cli {

// One document, indented, with a newline at its end.
std::string ToJson(const google::protobuf::Message& message);

// {"files": [{"path": ..., "response": ...}, ...]} for commands that ask once per file.
std::string FilesToJson(const std::vector<std::pair<std::string, const google::protobuf::Message*>>& files);

}  // namespace timbre::cli
