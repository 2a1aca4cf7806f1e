#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/folded_stack.h"
#include "core/engine/tiled_layer.h"

namespace timbre::engine {

// The largest tile that a plan may have; those that are measured are smaller.
inline constexpr int64_t kMaxTile = 256;

// One choice for each of stack.layers.
using Plan = std::vector<LayerChoice>;

// The text of engine_plan.json as an object by names of plans; an empty object where the text is no JSON
// object.
nlohmann::json ParsePlanFile(const std::string& text);

// The plan of that name; nothing where there is none, or one that does not suit the stack's layers: another
// number of layers, a tile out of range, an algorithm that the layer or the precision does not have.
std::optional<Plan> FindPlan(const nlohmann::json& plans, const std::string& name, const FoldedStack& stack,
                             bool bf16);

// As FindPlan reads it.
nlohmann::json PlanToJson(const Plan& plan);

// Whether the layer can be computed so.
bool Suits(const LayerChoice& choice, const FoldedLayer& layer, bool bf16);

}  // namespace timbre::engine
