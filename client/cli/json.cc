#include "client/cli/json.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

namespace timbre::cli {
namespace {

std::string Print(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = indented;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string out;
  // Fails only for messages that are no messages of ours (a broken Any), which then print as {}.
  if (!google::protobuf::util::MessageToJsonString(message, &out, options).ok()) return "{}";
  return out;
}

std::string Quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  std::string out = Print(message, true);
  if (out.empty() || out.back() != '\n') out += '\n';
  return out;
}

std::string FilesToJson(const std::vector<std::pair<std::string, const google::protobuf::Message*>>& files) {
  std::string out = "{\"files\": [";
  const char* separator = "\n";
  for (const auto& [path, response] : files) {
    out += separator;
    out += "{\"path\": " + Quote(path) + ", \"response\": " + Print(*response, false) + "}";
    separator = ",\n";
  }
  return out + "\n]}\n";
}

}  // namespace timbre::cli
