#include <nlohmann/json.hpp>

#include "core/engine/plan_file.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

engine::FoldedStack Stack() {
  engine::FoldedStack stack;
  stack.window_samples = 27;
  for (const int64_t rows : {9, 3}) {
    stack.layers.push_back(
        {.in_channels = 16, .out_channels = 16, .kernel = 3, .rows_in = rows, .pool = true});
  }
  stack.layers.push_back({.in_channels = 16, .out_channels = 16, .kernel = 1, .rows_in = 1, .pool = false});
  return stack;
}

}  // namespace

// Any plan of the file, as if it were this machine's.
void FuzzEnginePlan(Bytes bytes) {
  static const engine::FoldedStack stack = Stack();
  const nlohmann::json plans = engine::ParsePlanFile(std::string(bytes.begin(), bytes.end()));
  Require(plans.is_object(), "the plans are an object");
  for (const auto& [name, entry] : plans.items()) {
    for (const bool bf16 : {false, true}) {
      const auto plan = engine::FindPlan(plans, name, stack, bf16);
      if (!plan.has_value()) continue;
      Require(plan->size() == stack.layers.size(), "a plan has a choice for each layer");
      for (size_t i = 0; i < plan->size(); ++i) {
        Require(engine::Suits((*plan)[i], stack.layers[i], bf16), "each choice suits its layer");
      }
      const nlohmann::json again = {{name, engine::PlanToJson(*plan)}};
      Require(engine::FindPlan(again, name, stack, bf16) == plan, "a plan is read as it was written");
    }
  }
}

}  // namespace timbre::fuzz
