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
      {"learning_rate", [](auto& c) { c.optimizer.learning_rate = std::nan(""); }},
      {"weight_decay", [](auto& c) { c.optimizer.weight_decay = -1; }},
      {"beta1", [](auto& c) { c.optimizer.beta1 = 1; }},
      {"beta2", [](auto& c) { c.optimizer.beta2 = -0.1; }},
      {"epsilon", [](auto& c) { c.optimizer.epsilon = -1; }},
      {"momentum", [](auto& c) { c.optimizer.momentum = 1; }},
      {"nesterov",
       [](auto& c) { c.optimizer = {.kind = OptimizerKind::kSgd, .momentum = 0, .nesterov = true}; }},
      {"trust_coefficient", [](auto& c) { c.optimizer.trust_coefficient = 0; }},
      {"warmup_steps", [](auto& c) { c.optimizer.schedule.warmup_steps = -1; }},
      {"final_ratio", [](auto& c) { c.optimizer.schedule.final_ratio = 2; }},
      {"gradient_clip_norm", [](auto& c) { c.optimizer.gradient_clip_norm = -1; }},
      {"accumulation_steps", [](auto& c) { c.optimizer.accumulation_steps = 0; }},
      {"ema_decay", [](auto& c) { c.ema_decay = 1; }},
      {"projector_layers", [](auto& c) { c.projector_layers = 0; }},
      {"views", [](auto& c) { c.views = 1; }},
      {"embedding_layer", [](auto& c) { c.embedding_layer = "projector.3"; }},
      {"embedding layer", [](auto& c) { c.embedding_layer = "projector"; }},
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
      {"train_engine", [](auto& r) { r.train_engine = "jax"; }},
      {"loader_workers", [](auto& r) { r.loader_workers = 0; }},
      {"torch_threads", [](auto& r) { r.torch_threads = -1; }},
      {"snapshot_interval_steps", [](auto& r) { r.snapshot_interval_steps = 0; }},
      {"report_interval_steps", [](auto& r) { r.report_interval_steps = 0; }},
      {"health_grace_steps", [](auto& r) { r.health_grace_steps = -1; }},
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
