#pragma once

#include <string>
#include <vector>

namespace timbre::registry {

// Tag names in one column, as a JSON list.
std::string TagsToJson(const std::vector<std::string>& tags);
std::vector<std::string> TagsFromJson(
    const std::string& json);  // throws nlohmann's exception on a damaged column

}  // namespace timbre::registry
