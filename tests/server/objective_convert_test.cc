#include "server/convert/objective_convert.h"

#include <google/protobuf/text_format.h>

#include "tests/support/matchers.h"

namespace timbre::convert {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

loss::ObjectiveConfig Read(const std::string& text, FieldErrors& errors) {
  v1::ObjectiveConfig proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return ObjectiveFromProto(proto, "objective", errors);
}

// Name and values of all fields: "dcl 0.1 0 ".
std::string Describe(const loss::ObjectiveConfig& config) {
  std::string text(loss::ObjectiveName(config));
  for (const auto& field : loss::ObjectiveFields(config)) absl::StrAppend(&text, " ", field.value);
  return text;
}

std::string RoundTrip(const loss::ObjectiveConfig& config) {
  FieldErrors errors;
  const loss::ObjectiveConfig again = ObjectiveFromProto(ObjectiveToProto(config), "objective", errors);
  EXPECT_THAT(errors.ToStatus(), IsOk());
  return Describe(again);
}

// Each objective with no field at its default, as it is on the wire.
const std::pair<const char*, const char*> kWhole[] = {
    {"nt_xent { temperature: 0.25 mask_same_track: true }", "nt_xent 0.25 1"},
    {"dcl { temperature: 0.25 mask_same_track: true }", "dcl 0.25 1"},
    {"dclw { temperature: 0.25 sigma: 0.75 mask_same_track: true }", "dclw 0.25 0.75 1"},
    {"vicreg { invariance_weight: 2 variance_weight: 3 covariance_weight: 4 }", "vicreg 2 3 4"},
    {"barlow_twins { redundancy_weight: 0.5 }", "barlow_twins 0.5"},
    {"byol { predictor_hidden_dim: 32 ema_base: 0.9 }", "byol 32 0.9"},
    {"simsiam { predictor_hidden_dim: 16 }", "simsiam 16"},
    {"align_uniform { alignment_power: 1 uniformity_scale: 3 uniformity_weight: 0.5 }",
     "align_uniform 1 3 0.5"},
    {"poly_view { method: POLY_VIEW_METHOD_ARITHMETIC temperature: 0.25 mask_same_track: true }",
     "poly_view 1 0.25 1"},
    {"poly_view { method: POLY_VIEW_METHOD_SUFFICIENT_STATISTICS }", "poly_view 2 0.5 0"},
    {"mse {}", "mse"},
};

TEST(ObjectiveConvertTest, EachFieldArrivesAndIsWrittenBack) {
  for (const auto& [wire, description] : kWhole) {
    FieldErrors errors;
    const loss::ObjectiveConfig config = Read(wire, errors);
    EXPECT_THAT(errors.ToStatus(), IsOk()) << wire;
    EXPECT_EQ(Describe(config), description);
    EXPECT_EQ(RoundTrip(config), description);
  }
}

TEST(ObjectiveConvertTest, AnEmptyMessageIsTheObjectiveWithItsDefaults) {
  for (const loss::ObjectiveConfig& config : loss::DefaultObjectives()) {
    FieldErrors errors;
    const std::string wire = absl::StrCat(std::string(loss::ObjectiveName(config)), " {}");
    EXPECT_EQ(Describe(Read(wire, errors)), Describe(config));
    EXPECT_THAT(errors.ToStatus(), IsOk()) << wire;
    EXPECT_EQ(RoundTrip(config), Describe(config));
  }
}

TEST(ObjectiveConvertTest, NoObjectiveIsNtXent) {
  FieldErrors errors;
  EXPECT_EQ(Describe(Read("", errors)), "nt_xent 0.5 0");
}

TEST(ObjectiveConvertTest, EveryObjectiveOfTheRoomIsOnTheWireAndNoOther) {
  const auto& message = *v1::ObjectiveConfig::descriptor();
  EXPECT_EQ(static_cast<size_t>(message.field_count()), loss::DefaultObjectives().size());
  for (const loss::ObjectiveConfig& config : loss::DefaultObjectives()) {
    const auto* field = message.FindFieldByName(std::string(loss::ObjectiveName(config)));
    ASSERT_NE(field, nullptr) << loss::ObjectiveName(config);
    EXPECT_EQ(static_cast<size_t>(field->message_type()->field_count()),
              loss::ObjectiveFields(config).size());
  }
}

TEST(ObjectiveConvertTest, EachValueOutsideItsRangeIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"dcl { temperature: 0 }", "objective.dcl.temperature: must be in (0, 100], got 0"},
      {"dclw { sigma: nan }", "objective.dclw.sigma"},
      {"vicreg { covariance_weight: -1 }", "objective.vicreg.covariance_weight: must be in [0, "},
      {"barlow_twins { redundancy_weight: inf }", "objective.barlow_twins.redundancy_weight"},
      {"byol { ema_base: 1.5 }", "objective.byol.ema_base: must be in [0, 1], got 1.5"},
      {"simsiam { predictor_hidden_dim: 0 }", "objective.simsiam.predictor_hidden_dim"},
      {"align_uniform { alignment_power: 0.5 }", "objective.align_uniform.alignment_power"},
      {"poly_view { temperature: 101 }", "objective.poly_view.temperature"},
      {"poly_view { method: 9 }", "objective.poly_view.method: unknown value 9"},
  };
  for (const auto& [wire, message] : cases) {
    FieldErrors errors;
    Read(wire, errors);
    EXPECT_THAT(errors.ToStatus(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message))) << wire;
  }
}

}  // namespace
}  // namespace timbre::convert
