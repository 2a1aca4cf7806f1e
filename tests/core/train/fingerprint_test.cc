#include "core/train/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

namespace timbre::train {
namespace {

TrainingConfig Config() {
  TrainingConfig config;
  config.chain = {{augment::PolarityConfig{}, 0.8}, {augment::DelayConfig{}, 0.5}};
  return config;
}

TEST(FingerprintTest, EqualConfigsHaveEqualFingerprints) {
  EXPECT_EQ(Fingerprint(Config()), Fingerprint(Config()));
}

TEST(FingerprintTest, EachFieldChangesIt) {
  std::vector<TrainingConfig> configs(34, Config());
  configs[1].architecture = "other";
  configs[2].dropout = 0;
  configs[3].projector_hidden_dim = 256;
  configs[4].projector_dim = 32;
  configs[5].objective = loss::NtXentConfig{.temperature = 0.1};
  configs[6].optimizer.learning_rate = 3e-4;
  configs[7].batch_tracks = 48;
  configs[8].steps = 7;
  configs[9].seed = 43;
  configs[10].chain[1].probability = 0.4;
  configs[11].chain[1].parameters = augment::DelayConfig{.step_ms = 25};
  configs[12].optimizer.kind = OptimizerKind::kLars;
  configs[13].optimizer.weight_decay = 1e-6;
  configs[14].optimizer.beta1 = 0.8;
  configs[15].optimizer.beta2 = 0.99;
  configs[16].optimizer.epsilon = 1e-6;
  configs[17].optimizer.momentum = 0.5;
  configs[18].optimizer.nesterov = true;
  configs[19].optimizer.trust_coefficient = 0.01;
  configs[20].optimizer.schedule.kind = ScheduleKind::kCosine;
  configs[21].optimizer.schedule.warmup_steps = 5;
  configs[22].optimizer.schedule.final_ratio = 0.1;
  configs[23].optimizer.gradient_clip_norm = 1;
  configs[24].optimizer.accumulation_steps = 2;
  configs[25].ema_decay = 0.999;
  configs[26].objective = loss::NtXentConfig{.mask_same_track = true};
  configs[27].objective = loss::PolyViewConfig();
  configs[28].initialization = model::Initialization::kKaiming;
  configs[29].projector_layers = 3;
  configs[30].batch_unit = dataset::BatchUnit::kClip;
  configs[31].views = 4;
  configs[32].chain[1].parameters = augment::PitchShiftConfig{};
  configs[33].chain[1].parameters = augment::PitchShiftConfig{.max_cents = 600};
  std::set<std::string> seen;
  for (const TrainingConfig& config : configs) seen.insert(Fingerprint(config));
  EXPECT_EQ(seen.size(), configs.size());
}

TEST(FingerprintTest, WhatIsServedOfTheWeightsDoesNotChangeIt) {
  TrainingConfig config = Config();
  config.embedding_layer = "projector.1";
  EXPECT_EQ(Fingerprint(config), Fingerprint(Config()));
}

}  // namespace
}  // namespace timbre::train
