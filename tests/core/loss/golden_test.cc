#include <torch/torch.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/core/loss/objectives.h"

namespace timbre::loss {
namespace {

using Json = nlohmann::json;
using testing::Make;

ObjectiveConfig ConfigOf(const Json& golden) {
  const std::string name = golden["name"];
  const bool mask = golden.value("mask_same_track", false);
  const double temperature = golden.value("temperature", 0.0);
  const int64_t hidden = golden.value("predictor_hidden_dim", 0);
  if (name == "nt_xent") return NtXentConfig{temperature, mask};
  if (name == "dcl") return DclConfig{temperature, mask};
  if (name == "dclw") return DclwConfig{temperature, golden["sigma"], mask};
  if (name == "vicreg") {
    return VicRegConfig{golden["invariance_weight"], golden["variance_weight"], golden["covariance_weight"]};
  }
  if (name == "barlow_twins") return BarlowTwinsConfig{golden["redundancy_weight"]};
  if (name == "byol") return ByolConfig{.predictor_hidden_dim = hidden};
  if (name == "simsiam") return SimSiamConfig{.predictor_hidden_dim = hidden};
  if (name == "align_uniform") {
    return AlignUniformConfig{golden["alignment_power"], golden["uniformity_scale"],
                              golden["uniformity_weight"]};
  }
  if (name == "mse") return MseConfig();
  const std::string method = golden["method"];
  return PolyViewConfig{method == "geometric"    ? PolyViewMethod::kGeometric
                        : method == "arithmetic" ? PolyViewMethod::kArithmetic
                                                 : PolyViewMethod::kSufficientStatistics,
                        temperature, mask};
}

torch::Tensor TensorOf(const Json& values) {
  return torch::tensor(values.get<std::vector<double>>(), torch::kDouble);
}

struct Tolerance {
  torch::ScalarType type;
  double relative;
};

void ExpectNear(const torch::Tensor& actual, const torch::Tensor& expected, double relative,
                const std::string& what) {
  const torch::Tensor difference = (actual.detach().to(torch::kDouble).reshape({-1}) - expected).abs();
  EXPECT_LE((difference / (1 + expected.abs())).max().item<double>(), relative) << what;
}

void CheckGolden(const Json& golden, const Tolerance& tolerance) {
  const std::string what = golden["name"].get<std::string>() + " " + golden.value("method", "");
  const auto shape = golden["shape"].get<std::vector<int64_t>>();
  const auto objective = Make(ConfigOf(golden), shape.back());
  objective->to(tolerance.type);
  {
    torch::NoGradGuard no_grad;
    for (auto& parameter : objective->named_parameters()) {
      const std::string name = parameter.key().substr(std::string("predictor.").size());
      parameter.value().copy_(TensorOf(golden["weights"][name]).view(parameter.value().sizes()));
    }
  }
  ObjectiveInput input{.views = TensorOf(golden["views"]).view(shape).to(tolerance.type).requires_grad_()};
  if (golden.contains("target")) input.target = TensorOf(golden["target"]).view(shape).to(tolerance.type);
  input.groups = torch::tensor(golden["groups"].get<std::vector<int64_t>>(), torch::kLong);

  const torch::Tensor loss = objective->Compute(input).loss;
  EXPECT_EQ(loss.scalar_type(), tolerance.type) << what;
  ExpectNear(loss, torch::tensor(golden["loss"].get<double>(), torch::kDouble), tolerance.relative, what);
  loss.backward();
  ExpectNear(input.views.grad(), TensorOf(golden["gradient"]), tolerance.relative, what);
  for (const auto& parameter : objective->named_parameters()) {
    const std::string name = parameter.key().substr(std::string("predictor.").size());
    ExpectNear(parameter.value().grad(), TensorOf(golden["weight_gradients"][name]), tolerance.relative,
               what + name);
  }
}

// tests/golden/objectives/make.py wrote them: the papers' formulas clip by clip.
Json Golden() {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/objectives/objectives.json");
  return Json::parse(file);
}

TEST(GoldenTest, ValueAndGradientEqualThePapersFormulasInFp64) {
  for (const Json& golden : Golden()) CheckGolden(golden, {torch::kDouble, 1e-9});
}

TEST(GoldenTest, ValueAndGradientEqualThePapersFormulasInFp32) {
  for (const Json& golden : Golden()) CheckGolden(golden, {torch::kFloat, 3e-5});
}

TEST(GoldenTest, EveryObjectiveHasAGoldenCase) {
  std::set<std::string> names;
  for (const Json& golden : Golden()) names.insert(golden["name"].get<std::string>());
  for (const ObjectiveConfig& config : DefaultObjectives()) {
    EXPECT_TRUE(names.count(std::string(ObjectiveName(config)))) << ObjectiveName(config);
  }
}

}  // namespace
}  // namespace timbre::loss
