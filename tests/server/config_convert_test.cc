#include "server/convert/config_convert.h"

#include <google/protobuf/text_format.h>

#include "tests/support/matchers.h"

namespace timbre::convert {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

v1::TrainingConfig Parse(const std::string& text) {
  v1::TrainingConfig proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return proto;
}

absl::Status Check(const std::string& text) {
  FieldErrors errors;
  TrainingConfigFromProto(Parse(text), "config", errors);
  return errors.ToStatus();
}

TEST(ConfigConvertTest, AnEmptyConfigIsTheTutorial) {
  FieldErrors errors;
  const train::TrainingConfig config = TrainingConfigFromProto({}, "config", errors);
  EXPECT_THAT(errors.ToStatus(), IsOk());
  EXPECT_EQ(config.batch_tracks, 96);
  EXPECT_EQ(loss::ObjectiveName(config.objective), "nt_xent");
  EXPECT_DOUBLE_EQ(config.optimizer.learning_rate, 1e-4);
  EXPECT_EQ(config.optimizer.kind, train::OptimizerKind::kAdam);
  EXPECT_EQ(config.views, 2);
  EXPECT_EQ(config.embedding_layer, "encoder");
  EXPECT_DOUBLE_EQ(config.dropout, 0.5);
  EXPECT_EQ(config.chain.size(), 6U);
}

TEST(ConfigConvertTest, WritingOutEveryDefaultChangesNothing) {
  FieldErrors errors;
  const train::TrainingConfig config = TrainingConfigFromProto({}, "config", errors);
  const v1::TrainingConfig written = TrainingConfigToProto(config);
  const train::TrainingConfig again = TrainingConfigFromProto(written, "config", errors);
  EXPECT_THAT(errors.ToStatus(), IsOk());
  EXPECT_EQ(TrainingConfigText(again), TrainingConfigText(config));
}

TEST(ConfigConvertTest, WhatIsSetComesBackAsItWas) {
  const char* const texts[] = {
      "optimizer { learning_rate: 0.5 adam { beta1: 0.8 beta2: 0.99 epsilon: 1e-6 weight_decay: 0.1 } }",
      "optimizer { adam_w { weight_decay: 0.05 } schedule { warmup_steps: 7 constant {} } }",
      "optimizer { sgd { momentum: 0.5 nesterov: true weight_decay: 0.1 } gradient_clip_norm: 2 "
      "bias_rate_multiple: 0.024 constant_predictor_rate: true }",
      "optimizer { lars { momentum: 0.5 nesterov: true weight_decay: 0.1 trust_coefficient: 0.02 } "
      "schedule { warmup_steps: 9 cosine { final_ratio: 0.1 } } accumulation_steps: 3 }",
      "encoder { architecture: 'sample_cnn_tiny' initialization: INITIALIZATION_KAIMING dropout: 0.1 }",
      "projector { hidden_dim: 9 output_dim: 8 layers: 3 bias: true batch_norm: true }",
      "batch_unit: BATCH_UNIT_CLIP batch_tracks: 7 steps: 8 seed: 9 ema_decay: 0.9",
      "embedding_layer: 'projector.1'",
      "objective { poly_view {} } views: 4",
  };
  for (const char* text : texts) {
    FieldErrors errors;
    const v1::TrainingConfig written =
        TrainingConfigToProto(TrainingConfigFromProto(Parse(text), "config", errors));
    EXPECT_THAT(errors.ToStatus(), IsOk());
    v1::TrainingConfig merged = written;
    merged.MergeFrom(Parse(text));
    EXPECT_EQ(merged.DebugString(), written.DebugString()) << text;
  }
}

TEST(ConfigConvertTest, AdamWAndLarsDecayTheWeightsUnlessToldOtherwise) {
  FieldErrors errors;
  EXPECT_DOUBLE_EQ(
      TrainingConfigFromProto(Parse("optimizer { adam_w {} }"), "c", errors).optimizer.weight_decay, 0.01);
  EXPECT_DOUBLE_EQ(
      TrainingConfigFromProto(Parse("optimizer { lars {} }"), "c", errors).optimizer.weight_decay, 1e-6);
  EXPECT_DOUBLE_EQ(TrainingConfigFromProto(Parse("optimizer { sgd {} }"), "c", errors).optimizer.weight_decay,
                   0);
}

TEST(ConfigConvertTest, TheProblemsThatStopATrainingComeFromTheRuntimeConfig) {
  v1::RuntimeConfig proto;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "stop_on_health: [HEALTH_PROBLEM_COLLAPSE, HEALTH_PROBLEM_STARVING] health_grace_steps: 5 "
      "train_engine: TRAIN_ENGINE_TORCH",
      &proto));
  FieldErrors errors;
  const train::RuntimeConfig runtime = RuntimeConfigFromProto(proto, "runtime", errors);
  EXPECT_THAT(errors.ToStatus(), IsOk());
  EXPECT_THAT(runtime.stop_on_health,
              ::testing::ElementsAre(train::HealthProblem::kCollapse, train::HealthProblem::kStarving));
  EXPECT_EQ(runtime.health_grace_steps, 5);
  EXPECT_EQ(runtime.train_engine, "torch");
  proto.add_stop_on_health(v1::HEALTH_PROBLEM_UNSPECIFIED);
  proto.set_health_grace_steps(-1);
  RuntimeConfigFromProto(proto, "runtime", errors);
  EXPECT_THAT(errors.ToStatus().message(),
              ::testing::AllOf(HasSubstr("runtime.stop_on_health[2]"), HasSubstr("health_grace_steps")));
}

TEST(ConfigConvertTest, EachEffectWithEachFieldComesBackAsItWasSent) {
  const v1::TrainingConfig sent = Parse(R"(augmentation {
    effects { probability: 0.1 polarity_inversion {} }
    effects { probability: 0.2 noise { min_ratio: 0.01 max_ratio: 0.02 } }
    effects { probability: 0.3 gain { min_db: -3 max_db: 3 } }
    effects { probability: 0.4 high_low_pass {
      high_pass_min_hz: 100 high_pass_max_hz: 101 low_pass_min_hz: 102 low_pass_max_hz: 103 } }
    effects { probability: 0.5 delay { echo_volume: 0.25 min_ms: 10 max_ms: 20 step_ms: 5 } }
    effects { probability: 0.6 reverb { min_reverberance: 1 max_reverberance: 2 min_damping: 3 max_damping: 4
      min_room_scale: 5 max_room_scale: 6 } }
    effects { probability: 0.7 high_pass { min_hz: 30 max_hz: 40 } }
    effects { probability: 0.8 low_pass { min_hz: 50 max_hz: 60 } }
    effects { probability: 0.9 pitch_shift { min_cents: -12 max_cents: 34 } }
    effects { probability: 1.0 reverse {} }
  })");
  FieldErrors errors;
  const v1::TrainingConfig back = TrainingConfigToProto(TrainingConfigFromProto(sent, "config", errors));
  EXPECT_THAT(errors.ToStatus(), IsOk());
  EXPECT_EQ(back.augmentation().DebugString(), sent.augmentation().DebugString());
}

TEST(ConfigConvertTest, EachValueOutsideItsRangeIsNamedWithRangeAndValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"steps: 0", "config.steps: must be in [1, 10000000], got 0"},
      {"batch_tracks: 1", "config.batch_tracks: must be in [2, 4096], got 1"},
      {"optimizer { learning_rate: -1 }", "config.optimizer.learning_rate: must be in (0, 10], got -1"},
      {"objective { nt_xent { temperature: 0 } }", "config.objective.nt_xent.temperature"},
      {"encoder { dropout: 1 }", "config.encoder.dropout: must be in [0, 1), got 1"},
      {"encoder { architecture: 'resnet' }", "known: sample_cnn"},
      {"projector { output_dim: 1 }", "config.projector.output_dim"},
      {"augmentation { effects { probability: 2 gain {} } }", "config.augmentation.effects[0].probability"},
      {"augmentation { effects { pitch_shift { max_cents: 5000 } } }",
       "config.augmentation.effects[0]: pitch_shift cents"},
      {"augmentation { effects { high_pass { min_hz: 1 } } }",
       "config.augmentation.effects[0]: high_pass hz"},
      {"augmentation { effects {} }", "config.augmentation.effects[0]: has no effect"},
      {"optimizer { learning_rate: nan }", "config.optimizer.learning_rate"},
      {"optimizer { adam { beta1: 1 } }", "config.optimizer.adam.beta1: must be in [0, 1), got 1"},
      {"optimizer { adam_w { epsilon: -1 } }", "config.optimizer.adam_w.epsilon"},
      {"optimizer { sgd { momentum: 1 } }", "config.optimizer.sgd.momentum"},
      {"optimizer { sgd { momentum: 0 nesterov: true } }", "config.optimizer.sgd.nesterov"},
      {"optimizer { lars { trust_coefficient: 0 } }", "config.optimizer.lars.trust_coefficient"},
      {"optimizer { lars { weight_decay: 2 } }", "config.optimizer.lars.weight_decay"},
      {"optimizer { schedule { warmup_steps: -1 } }", "config.optimizer.schedule.warmup_steps"},
      {"optimizer { schedule { cosine { final_ratio: 2 } } }",
       "config.optimizer.schedule.cosine.final_ratio"},
      {"optimizer { gradient_clip_norm: -1 }", "config.optimizer.gradient_clip_norm"},
      {"optimizer { accumulation_steps: 0 }", "config.optimizer.accumulation_steps"},
      {"encoder { initialization: 9 }", "config.encoder.initialization: unknown value 9"},
      {"projector { layers: 9 }", "config.projector.layers"},
      {"views: 1", "config.views: must be in [2, 2], got 1"},
      {"batch_unit: 7", "config.batch_unit: unknown value 7"},
      {"ema_decay: 1", "config.ema_decay: must be in [0, 1), got 1"},
      {"embedding_layer: 'projector.3'", "config.embedding_layer: is projector.3, but the projector has 2"},
      {"embedding_layer: 'conv5'", "config.embedding_layer: \"conv5\""},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Check(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message))) << text;
  }
}

TEST(ConfigConvertTest, AllBadFieldsAreReportedAtOnce) {
  const absl::Status status = Check("steps: 0 batch_tracks: 0");
  EXPECT_THAT(status.message(), HasSubstr("config.steps"));
  EXPECT_THAT(status.message(), HasSubstr("config.batch_tracks"));
  EXPECT_TRUE(status.GetPayload("type.googleapis.com/google.rpc.BadRequest").has_value());
}

TEST(ConfigConvertTest, AnEmptyChainIsCropsAloneAndNotTheDefault) {
  FieldErrors errors;
  EXPECT_TRUE(TrainingConfigFromProto(Parse("augmentation {}"), "config", errors).chain.empty());
}

}  // namespace
}  // namespace timbre::convert
