#include "core/engine/plan.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/engine/products.h"
#include "tests/core/engine/naive_stack.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::engine {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

const FoldedStack& Stack() {
  static const FoldedStack stack = HashedStack({16, 16, 32, 16, 32});
  return stack;
}

// In the text of a plan file.
void SetTiles(std::string& text, int tile) {
  for (size_t at = text.find("\"tile\": "); at != std::string::npos; at = text.find("\"tile\": ", at + 1)) {
    text.replace(at, text.find_first_of(",}\n", at) - at, absl::StrCat("\"tile\": ", tile));
  }
}

TEST(PlanTest, AMeasuredPlanHasAChoiceForEachLayerAndSuitsThePrecision) {
  for (const char* precision : {"fp32", "bf16"}) {
    if (precision == std::string("bf16") && !HasBf16Products()) continue;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan plan, MeasurePlan(Stack(), precision));
    ASSERT_EQ(plan.size(), Stack().layers.size());
    for (const LayerChoice& choice : plan) {
      EXPECT_GE(choice.tile, 1);
      EXPECT_TRUE(precision != std::string("bf16") || choice.algorithm != Algorithm::kWinograd6);
    }
  }
}

TEST(PlanTest, ADirectPlanSuitsEveryLayerInBothPrecisions) {
  const Plan plan = DirectPlan(Stack());
  ASSERT_EQ(plan.size(), Stack().layers.size());
  for (size_t i = 0; i < plan.size(); ++i) {
    EXPECT_EQ(plan[i].algorithm, Algorithm::kDirect);
    EXPECT_TRUE(Suits(plan[i], Stack().layers[i], false) && Suits(plan[i], Stack().layers[i], true));
  }
}

TEST(PlanTest, WhatWasMeasuredIsKeptAndNotMeasuredAgain) {
  const TempDir dir;
  const PlanKey key = PlanKeyHere("fp32", 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan first, LoadOrMeasurePlan(dir / "plan.json", Stack(), key));
  TIMBRE_ASSERT_OK_AND_ASSIGN(std::string text, base::ReadFile(dir / "plan.json"));
  // What is kept is taken as it is.
  SetTiles(text, 6);
  ASSERT_THAT(base::WriteFileAtomically(dir / "plan.json", text), timbre::testing::IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan second, LoadOrMeasurePlan(dir / "plan.json", Stack(), key));
  ASSERT_EQ(second.size(), first.size());
  for (size_t i = 0; i < second.size(); ++i) {
    EXPECT_EQ(second[i].algorithm, first[i].algorithm);
    EXPECT_EQ(second[i].tile, 6);
  }
}

TEST(PlanTest, AFixedPlanIsTakenAsItIsAndNothingIsMeasuredInItsStead) {
  const TempDir dir;
  const PlanKey key = PlanKeyHere("fp32", 2);
  EXPECT_THAT(FixedPlan(dir / "plan.json", Stack(), key), StatusIs(absl::StatusCode::kNotFound));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan measured, LoadOrMeasurePlan(dir / "plan.json", Stack(), key));
  std::string text = *base::ReadFile(dir / "plan.json");
  SetTiles(text, 6);  // which no measurement chooses
  ASSERT_THAT(base::WriteFileAtomically(dir / "plan.json", text), timbre::testing::IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan fixed, FixedPlan(dir / "plan.json", Stack(), key));
  ASSERT_EQ(fixed.size(), measured.size());
  for (const LayerChoice& choice : fixed) EXPECT_EQ(choice.tile, 6);
  EXPECT_THAT(CheckFixedPlans(dir / "plan.json", key), timbre::testing::IsOk());
  const std::string before = *base::ReadFile(dir / "plan.json");
  PlanKey other = key;
  other.cpu = "another CPU";
  EXPECT_THAT(FixedPlan(dir / "plan.json", Stack(), other),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another CPU")));
  EXPECT_THAT(CheckFixedPlans(dir / "plan.json", other), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(*base::ReadFile(dir / "plan.json"), before);
}

TEST(PlanTest, PlansOfOtherMachinesAndThreadsLieBesideEachOther) {
  const TempDir dir;
  PlanKey key = PlanKeyHere("fp32", 1);
  for (const char* cpu : {"this one", "that one"}) {
    key.cpu = cpu;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan plan, LoadOrMeasurePlan(dir / "plan.json", Stack(), key));
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string text, base::ReadFile(dir / "plan.json"));
  EXPECT_THAT(text, HasSubstr("this one"));
  EXPECT_THAT(text, HasSubstr("that one"));
}

TEST(PlanTest, ADamagedFileIsMeasuredAnewAndMended) {
  const TempDir dir;
  const PlanKey key = PlanKeyHere(HasBf16Products() ? "bf16" : "fp32", 1);
  for (const char* text : {"", "[1,2", "[]", "7"}) {
    std::ofstream(dir / "plan.json") << text;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Plan plan, LoadOrMeasurePlan(dir / "plan.json", Stack(), key));
    EXPECT_EQ(plan.size(), Stack().layers.size());
    TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string mended, base::ReadFile(dir / "plan.json"));
    EXPECT_THAT(mended, HasSubstr("algorithm"));
  }
}

TEST(PlanTest, APlanOfAnotherFormOrThatSuitsNoLayerIsMeasuredAnew) {
  if (!HasBf16Products()) GTEST_SKIP() << "oneDNN multiplies no bf16 here";
  const TempDir dir;
  const PlanKey key = PlanKeyHere("bf16", 1);
  ASSERT_THAT(LoadOrMeasurePlan(dir / "plan.json", Stack(), key), timbre::testing::IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string text, base::ReadFile(dir / "plan.json"));
  const nlohmann::json good = ParsePlanFile(text);
  const std::string name = good.begin().key();
  const size_t layers = Stack().layers.size();
  for (const nlohmann::json& choice :
       {nlohmann::json(7), nlohmann::json("direct"), nlohmann::json{{"algorithm", 7}, {"tile", 6}},
        nlohmann::json{{"algorithm", "direct"}, {"tile", "x"}},
        nlohmann::json{{"algorithm", "direct"}, {"tile", 0}},
        nlohmann::json{{"algorithm", "winograd6"}, {"tile", 54}}}) {  // not in bf16
    const nlohmann::json plans = {{name, nlohmann::json(layers, choice)}};
    EXPECT_EQ(FindPlan(plans, name, Stack(), true), std::nullopt) << choice;
    ASSERT_THAT(base::WriteFileAtomically(dir / "plan.json", plans.dump()), timbre::testing::IsOk());
  }
  ASSERT_THAT(LoadOrMeasurePlan(dir / "plan.json", Stack(), key), timbre::testing::IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string mended, base::ReadFile(dir / "plan.json"));
  EXPECT_TRUE(FindPlan(ParsePlanFile(mended), name, Stack(), true).has_value());
}

}  // namespace
}  // namespace timbre::engine
