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
  std::vector<TrainingConfig> configs(16, Config());
  configs[1].architecture = "other";
  configs[2].dropout = 0;
  configs[3].projector_hidden_dim = 256;
  configs[4].projector_dim = 32;
  configs[5].objective = loss::NtXentConfig{.temperature = 0.1};
  configs[6].learning_rate = 3e-4;
  configs[7].batch_tracks = 48;
  configs[8].steps = 7;
  configs[9].seed = 43;
  configs[10].chain[1].probability = 0.4;
  configs[11].chain[1].parameters = augment::DelayConfig{.step_ms = 25};
  configs[12].objective = loss::NtXentConfig{.mask_same_track = true};
  configs[13].objective = loss::PolyViewConfig();
  configs[14].chain[1].parameters = augment::PitchShiftConfig{};
  configs[15].chain[1].parameters = augment::PitchShiftConfig{.max_cents = 600};
  std::set<std::string> seen;
  for (const TrainingConfig& config : configs) seen.insert(Fingerprint(config));
  EXPECT_EQ(seen.size(), configs.size());
}

}  // namespace
}  // namespace timbre::train
