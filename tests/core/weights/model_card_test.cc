#include "core/weights/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

using Change = std::function<void(ModelCard&)>;

// Every field differs from its default.
ModelCard FullCard() {
  ModelCard card;
  card.architecture = "other_cnn";
  card.embedding_layer = "block.10";
  card.normalization = "l2";
  card.pooling = "max";
  card.embedding_dim = 128;
  card.preprocessing = {
      .sample_rate_hz = 16000, .window_samples = 43470, .mixdown = "left", .tail = "dropped"};
  card.weights_digest = std::string(64, 'a');
  card.dataset = "datasets/d1";
  card.dataset_digest = std::string(64, 'b');
  card.job = "jobs/j1";
  card.seed = std::numeric_limits<uint64_t>::max();
  card.steps = 1'000'000'007;
  card.training_config = "objective { nt_xent { temperature: 0.5 } }\n# \"quoted\" Größe ♪\n";
  card.build = "timbre 0.1.0, LibTorch 1.13.1";
  card.create_time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  card.origin = Origin{.file_name = "clmr.safetensors",
                       .sha256 = std::string(64, 'c'),
                       .key_naming = "CLMR 2",
                       .notes = {"left out", "changed"}};
  return card;
}

TEST(ModelCardTest, ACardComesBackFromJsonAsItWas) {
  for (const ModelCard& card : {FullCard(), ModelCard()}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const ModelCard back, ModelCardFromJson(ModelCardToJson(card)));
    EXPECT_EQ(back, card);
  }
}

TEST(ModelCardTest, TheProjectorCountsInTheSpaceOnlyWhereTheEmbeddingIsTakenThere) {
  ModelCard card = FullCard();
  card.embedding_layer = "encoder";
  const std::string at_encoder = EmbeddingSpaceId(card);
  card.projector_digest = std::string(64, 'c');
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ModelCard back, ModelCardFromJson(ModelCardToJson(card)));
  EXPECT_EQ(back, card);
  EXPECT_EQ(EmbeddingSpaceId(card), at_encoder);
  card.embedding_layer = "projector.1";
  const std::string at_projector = EmbeddingSpaceId(card);
  EXPECT_NE(at_projector, at_encoder);
  card.projector_digest = std::string(64, 'd');
  EXPECT_NE(EmbeddingSpaceId(card), at_projector);
}

TEST(ModelCardTest, AnOriginOfAnotherFormIsRefused) {
  nlohmann::json card = nlohmann::json::parse(ModelCardToJson(FullCard()));
  card["origin"]["notes"] = {1};
  EXPECT_THAT(ModelCardFromJson(card.dump()), StatusIs(absl::StatusCode::kInvalidArgument,
                                                       HasSubstr("origin.notes must be a list of texts")));
  card["origin"] = "CLMR";
  EXPECT_THAT(ModelCardFromJson(card.dump()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("origin must be an object")));
}

TEST(ModelCardTest, TheJsonIsReadableByPeople) {
  const std::string json = ModelCardToJson(FullCard());
  EXPECT_THAT(json, HasSubstr("\"create_time\": \"2023-11-14T22:13:20.123456789+00:00\""));
  EXPECT_THAT(json, HasSubstr("\"job\": \"jobs/j1\""));
}

TEST(ModelCardTest, TextThatIsNotUtf8IsStillWrittenAsJson) {
  ModelCard card = FullCard();
  card.training_config = "bad \xff byte";
  EXPECT_THAT(ModelCardFromJson(ModelCardToJson(card)), IsOk());
}

TEST(ModelCardTest, AFieldThatIsMissingIsNamed) {
  const auto json = nlohmann::json::parse(ModelCardToJson(FullCard()));
  for (const auto& [name, value] : json.items()) {
    if (name == "origin") continue;  // imported versions alone have one
    auto without = json;
    without.erase(name);
    EXPECT_THAT(ModelCardFromJson(without.dump()),
                StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr(name), HasSubstr("missing"))));
  }
}

TEST(ModelCardTest, AFieldOfTheWrongKindIsNamed) {
  const auto json = nlohmann::json::parse(ModelCardToJson(FullCard()));
  const std::vector<std::pair<std::string, nlohmann::json>> wrong = {
      {"embedding_dim", 0},
      {"embedding_dim", 1LL << 40},
      {"seed", -1},
      {"steps", 1.5},
      {"steps", "7"},
      {"architecture", 7},
      {"normalization", "sphere"},
      {"create_time", "yesterday"},
      {"preprocessing", "none"},
      {"format_version", 2},
  };
  for (const auto& [name, value] : wrong) {
    auto changed = json;
    changed[name] = value;
    EXPECT_THAT(ModelCardFromJson(changed.dump()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(name)));
  }
  auto changed = json;
  changed["preprocessing"]["window_samples"] = -3;
  EXPECT_THAT(ModelCardFromJson(changed.dump()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("preprocessing.window_samples")));
}

TEST(ModelCardTest, WhatIsNoJsonObjectIsRefused) {
  for (const char* text : {"", "{", "[]", "null", "{}x"}) {
    EXPECT_THAT(ModelCardFromJson(text), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(EmbeddingSpaceIdTest, TheIdChangesWithWeightsPreprocessingLayerNormalizationAndPooling) {
  const std::vector<Change> changes = {
      [](ModelCard& c) { c.weights_digest = std::string(64, 'c'); },
      [](ModelCard& c) { c.preprocessing.sample_rate_hz = 22050; },
      [](ModelCard& c) { c.preprocessing.window_samples = 59049; },
      [](ModelCard& c) { c.preprocessing.mixdown = "mean"; },
      [](ModelCard& c) { c.preprocessing.tail = "padded"; },
      [](ModelCard& c) { c.embedding_layer = "encoder"; },
      [](ModelCard& c) { c.normalization = "none"; },
      [](ModelCard& c) { c.pooling = "mean"; },
      // Not to be confused with a shifted border between two fields.
      [](ModelCard& c) {
        c.preprocessing.mixdown = "leftd";
        c.preprocessing.tail = "ropped";
      },
  };
  std::set<std::string> ids = {EmbeddingSpaceId(FullCard())};
  for (const Change& change : changes) {
    ModelCard card = FullCard();
    change(card);
    ids.insert(EmbeddingSpaceId(card));
  }
  EXPECT_EQ(ids.size(), changes.size() + 1);
  for (const std::string& id : ids) EXPECT_THAT(id, ::testing::MatchesRegex("[0-9a-f]+"));
  for (const std::string& id : ids) EXPECT_EQ(id.size(), 32U);
}

TEST(EmbeddingSpaceIdTest, TheIdChangesWithNothingElse) {
  const std::vector<Change> changes = {
      [](ModelCard& c) { c.architecture = "sample_cnn"; },
      [](ModelCard& c) { c.embedding_dim = 64; },
      [](ModelCard& c) { c.dataset = "datasets/d2"; },
      [](ModelCard& c) { c.dataset_digest = std::string(64, 'd'); },
      [](ModelCard& c) { c.job = "jobs/j2"; },
      [](ModelCard& c) { c.seed = 1; },
      [](ModelCard& c) { c.steps = 2; },
      [](ModelCard& c) { c.training_config = ""; },
      [](ModelCard& c) { c.build = "timbre 9"; },
      [](ModelCard& c) { c.create_time = absl::UnixEpoch(); },
  };
  for (const Change& change : changes) {
    ModelCard card = FullCard();
    change(card);
    EXPECT_EQ(EmbeddingSpaceId(card), EmbeddingSpaceId(FullCard()));
  }
}

}  // namespace
}  // namespace timbre::weights
