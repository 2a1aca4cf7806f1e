#include "core/weights/served_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/weights/embedding_layer.h"
#include "tests/support/checkpoints.h"
#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

Checkpoint Small() {
  Checkpoint checkpoint;
  checkpoint.encoder = {{"conv1.0.bias", testing::HashedTensor({128}, "conv1.0.bias", 1)}};
  checkpoint.projector = testing::HashedProjector(false);
  return checkpoint;
}

// The card of a published version of Small().
ModelCard CardAt(const std::string& layer, int dim) {
  ModelCard card;
  card.embedding_layer = layer;
  card.embedding_dim = dim;
  card.weights_digest = DigestTensors(Small().encoder);
  card.projector_digest = DigestTensors(Small().projector);
  return card;
}

TEST(ServedFormTest, WhatAnExportSaysComesBackAsTheSameSpace) {
  for (const auto& [layer, dim] :
       std::map<std::string, int>{{"encoder", 512}, {"projector.1", 512}, {"projector.2", 64}}) {
    const ModelCard exported = CardAt(layer, dim);
    Checkpoint checkpoint = Small();
    ModelCard imported;
    ASSERT_THAT(TakeServedForm(ServedFormToMetadata(exported), checkpoint, imported), IsOk());
    EXPECT_EQ(imported.embedding_layer, layer);
    EXPECT_EQ(imported.embedding_dim, dim);
    EXPECT_EQ(imported.normalization, exported.normalization);
    if (layer == kEncoderLayer) {
      EXPECT_THAT(checkpoint.notes, IsEmpty());
    } else {
      EXPECT_THAT(checkpoint.notes, ElementsAre(HasSubstr("taken at " + layer)));
    }
    imported.weights_digest = exported.weights_digest;
    imported.projector_digest = exported.projector_digest;
    EXPECT_EQ(EmbeddingSpaceId(imported), EmbeddingSpaceId(exported));
  }
}

TEST(ServedFormTest, AFileThatSaysNothingIsServedAtTheEncoder) {
  Checkpoint checkpoint = Small();
  ModelCard card;
  ASSERT_THAT(TakeServedForm({{"format", "pt"}, {"license", "CC0"}}, checkpoint, card), IsOk());
  EXPECT_EQ(card, ModelCard());
  EXPECT_THAT(checkpoint.notes, IsEmpty());
}

TEST(ServedFormTest, TensorsThatWereChangedSinceTheExportAreNoted) {
  const ModelCard exported = CardAt("encoder", 512);
  Checkpoint checkpoint = Small();
  checkpoint.encoder.begin()->second.values[0] += 1;
  ModelCard card;
  ASSERT_THAT(TakeServedForm(ServedFormToMetadata(exported), checkpoint, card), IsOk());
  EXPECT_THAT(checkpoint.notes, ElementsAre(HasSubstr(EmbeddingSpaceId(exported))));
}

TEST(ServedFormTest, WhatCannotBeServedIsRefusedByItsEntry) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  Checkpoint checkpoint = Small();
  ModelCard card;
  EXPECT_THAT(
      TakeServedForm({{"timbre.embedding_layer", "projector.3"}}, checkpoint, card),
      StatusIs(kInvalid, HasSubstr("timbre.embedding_layer: there is no embedding layer projector.3")));
  EXPECT_THAT(TakeServedForm({{"timbre.embedding_layer", "conv5"}}, checkpoint, card),
              StatusIs(kInvalid, HasSubstr("choose encoder")));
  EXPECT_THAT(TakeServedForm({{"timbre.normalization", "l2"}}, checkpoint, card),
              StatusIs(kInvalid, HasSubstr("timbre.normalization: is 'l2'; allowed: none")));
  checkpoint.projector.clear();
  EXPECT_THAT(TakeServedForm({{"timbre.embedding_layer", "projector.1"}}, checkpoint, card),
              StatusIs(kInvalid, HasSubstr("needs a projector")));
  EXPECT_EQ(card, ModelCard());
}

}  // namespace
}  // namespace timbre::weights
