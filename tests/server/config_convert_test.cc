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
  EXPECT_DOUBLE_EQ(config.learning_rate, 1e-4);
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
      {"optimizer { learning_rate: -1 }", "config.optimizer.learning_rate: must be in (0, 1], got -1"},
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
