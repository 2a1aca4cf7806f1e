#include "core/weights/embedding_layer.h"
#include "tests/core/registry/registry_fixture.h"

namespace timbre::registry {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

// An encoder of 4 numbers, and a projector 4 -> 3 -> 2.
class DerivedVersionTest : public ModelStoreFixture {
 protected:
  Version PublishWithProjector() {
    ModelStore::NewVersion version = NewVersion("clmr", "jobs/1", 3);
    version.projector = {{"0.weight", {{3, kDim}, std::vector<float>(12, 1)}},
                         {"2.weight", {{2, 3}, std::vector<float>(6, 1)}}};
    auto published = models_->Publish(version);
    EXPECT_THAT(published, IsOk());
    return published.ok() ? *published : Version();
  }
};

TEST_F(DerivedVersionTest, TheWeightsAreTheSameTheLayerAndTheSpaceAreNot) {
  const Version source = PublishWithProjector();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Version derived, models_->Derive("clmr", 1, "projector.1"));
  EXPECT_EQ(derived.version, 2);
  EXPECT_EQ(derived.card.embedding_layer, "projector.1");
  EXPECT_EQ(derived.card.embedding_dim, 3);
  EXPECT_EQ(derived.card.weights_digest, source.card.weights_digest);
  EXPECT_EQ(derived.card.derived_from, "models/clmr/versions/1");
  EXPECT_EQ(derived.card.dataset, source.card.dataset);
  EXPECT_NE(derived.space_id, source.space_id);
  EXPECT_THAT(models_->ReadWeights("clmr", 2, "projector.1"), IsOk());
  EXPECT_EQ(models_->GetVersion("clmr", 1)->card, source.card);
}

TEST_F(DerivedVersionTest, DerivingBackGivesTheSourceAndDerivingAgainTheFirst) {
  PublishWithProjector();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Version derived, models_->Derive("clmr", 1, "projector.2"));
  EXPECT_EQ(derived.card.embedding_dim, 2);
  Reopen();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Version again, models_->Derive("clmr", 1, "projector.2"));
  EXPECT_EQ(again.version, derived.version);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Version back, models_->Derive("clmr", derived.version, "encoder"));
  EXPECT_EQ(back.version, 1);
}

TEST_F(DerivedVersionTest, ALayerThatIsNotThereOrItsOwnIsRefused) {
  PublishWithProjector();
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(models_->Derive("clmr", 1, "projector.3"), StatusIs(kInvalid, HasSubstr("2 layers")));
  EXPECT_THAT(models_->Derive("clmr", 1, "conv11"), StatusIs(kInvalid, HasSubstr("projector.1")));
  EXPECT_THAT(models_->Derive("clmr", 1, "encoder"), StatusIs(kInvalid, HasSubstr("already")));
  EXPECT_THAT(models_->Derive("clmr", 7, "encoder"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(models_->GetModel("clmr")->versions.size(), 1U);
}

}  // namespace
}  // namespace timbre::registry
