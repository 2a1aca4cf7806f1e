#include "core/registry/tag_list.h"

#include <nlohmann/json.hpp>

namespace timbre::registry {

std::string TagsToJson(const std::vector<std::string>& tags) {
  return nlohmann::json(tags).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> TagsFromJson(const std::string& json) {
  return nlohmann::json::parse(json).get<std::vector<std::string>>();
}

}  // namespace timbre::registry
