#include "core/loss/objective.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "tests/support/matchers.h"

namespace timbre::loss {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;

class Plain final : public Objective {
 public:
  ObjectiveOutput Compute(const ObjectiveInput& input) override {
    return {.loss = input.views.mean(), .diagnostics = {}};
  }
};

TEST(ObjectiveTest, TheFactoryKnowsEachNameItLists) {
  for (const std::string& name : KnownObjectives()) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto objective, MakeObjective({.name = name}));
    EXPECT_FALSE(objective->wants_target());
    EXPECT_NEAR(objective->chance_loss(96), std::log(191), 1e-12);
  }
}

TEST(ObjectiveTest, UnknownNamesAndBadTemperaturesAreRefused) {
  EXPECT_THAT(MakeObjective({.name = "mse"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("known: nt_xent")));
  for (double temperature : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(MakeObjective({.temperature = temperature}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("temperature")));
  }
}

TEST(ObjectiveTest, AnObjectiveHasNoChanceValueUnlessItSaysSo) {
  EXPECT_TRUE(std::isnan(Plain().chance_loss(96)));
}

}  // namespace
}  // namespace timbre::loss
