#include <cmath>
#include <functional>

#include "core/train/trainer.h"
#include "tests/support/matchers.h"

namespace timbre::train {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

TEST(ValidateTest, TheDefaultsAndTheTutorialsChainAreFine) {
  TrainingConfig config;
  config.chain = augment::TutorialChain();
  EXPECT_THAT(ValidateTrainingConfig(config), IsOk());
  EXPECT_THAT(ValidateRuntimeConfig({}), IsOk());
}

TEST(ValidateTest, EachBadFieldOfATrainingIsNamed) {
  const std::pair<const char*, std::function<void(TrainingConfig&)>> cases[] = {
      {"architecture", [](auto& c) { c.architecture = "vgg"; }},
      {"dropout", [](auto& c) { c.dropout = 1; }},
      {"projector_hidden_dim", [](auto& c) { c.projector_hidden_dim = 0; }},
      {"projector_dim", [](auto& c) { c.projector_dim = -3; }},
      {"objective: nt_xent.temperature", [](auto& c) { c.objective = loss::NtXentConfig{.temperature = 0}; }},
      {"chain",
       [](auto& c) {
         c.chain = {{augment::PolarityConfig{}, 1.5}};
       }},
      {"learning_rate", [](auto& c) { c.learning_rate = std::nan(""); }},
      {"batch_tracks", [](auto& c) { c.batch_tracks = 1; }},
      {"steps", [](auto& c) { c.steps = 0; }},
  };
  for (const auto& [field, spoil] : cases) {
    TrainingConfig config;
    spoil(config);
    EXPECT_THAT(ValidateTrainingConfig(config),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  }
}

TEST(ValidateTest, EachBadFieldOfARunIsNamed) {
  const std::pair<const char*, std::function<void(RuntimeConfig&)>> cases[] = {
      {"device", [](auto& r) { r.device = "tpu"; }},
      {"precision", [](auto& r) { r.precision = "fp16"; }},
      {"loader_workers", [](auto& r) { r.loader_workers = 0; }},
      {"torch_threads", [](auto& r) { r.torch_threads = -1; }},
      {"snapshot_interval_steps", [](auto& r) { r.snapshot_interval_steps = 0; }},
      {"report_interval_steps", [](auto& r) { r.report_interval_steps = 0; }},
  };
  for (const auto& [field, spoil] : cases) {
    RuntimeConfig runtime;
    spoil(runtime);
    EXPECT_THAT(ValidateRuntimeConfig(runtime),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  }
}

}  // namespace
}  // namespace timbre::train
