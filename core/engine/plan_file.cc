#include "core/engine/plan_file.h"

#include <nlohmann/json.hpp>

namespace timbre::engine {
namespace {

using nlohmann::json;

std::optional<LayerChoice> ParseChoice(const json& entry) {
  if (!entry.is_object() || !entry.contains("algorithm") || !entry.contains("tile")) return std::nullopt;
  const json& name = entry["algorithm"];
  const json& tile = entry["tile"];
  if (!tile.is_number_integer()) return std::nullopt;  // its range is for Suits to say
  for (const Algorithm algorithm : {Algorithm::kDirect, Algorithm::kWinograd3, Algorithm::kWinograd6}) {
    if (name == AlgorithmName(algorithm)) return LayerChoice{algorithm, tile.get<int64_t>()};
  }
  return std::nullopt;
}

}  // namespace

bool Suits(const LayerChoice& choice, const FoldedLayer& layer, bool bf16) {
  if (choice.tile < 1 || choice.tile > kMaxTile) return false;
  if (!layer.pool) return choice.algorithm == Algorithm::kDirect;
  return choice.algorithm != Algorithm::kWinograd6 || (!bf16 && choice.tile % 2 == 0);
}

json ParsePlanFile(const std::string& text) {
  json plans = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return plans.is_object() ? plans : json::object();
}

std::optional<Plan> FindPlan(const json& plans, const std::string& name, const FoldedStack& stack,
                             bool bf16) {
  const auto entry = plans.find(name);
  if (entry == plans.end() || !entry->is_array() || entry->size() != stack.layers.size()) return std::nullopt;
  Plan plan;
  for (const json& layer : *entry) {
    const std::optional<LayerChoice> choice = ParseChoice(layer);
    if (!choice.has_value() || !Suits(*choice, stack.layers[plan.size()], bf16)) return std::nullopt;
    plan.push_back(*choice);
  }
  return plan;
}

json PlanToJson(const Plan& plan) {
  json entry = json::array();
  for (const LayerChoice& choice : plan) {
    entry.push_back({{"algorithm", AlgorithmName(choice.algorithm)}, {"tile", choice.tile}});
  }
  return entry;
}

}  // namespace timbre::engine
