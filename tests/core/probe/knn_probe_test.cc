#include "core/probe/knn_probe.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/core/probe/made_embeddings.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::ElementsAre;
using ::timbre::testing::StatusIs;

// tests/golden/knn/make_golden.py wrote the votes of scikit-learn.
TEST(KnnProbeTest, VotesEqualScikitLearn) {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/knn/golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  const auto labelled = golden["labelled"].get<std::vector<float>>();
  const auto labels = golden["labels"].get<std::vector<uint8_t>>();
  const auto queries = golden["queries"].get<std::vector<float>>();
  const int64_t dim = golden["dim"];
  const auto tags = golden["tags"].get<size_t>();
  const size_t count = queries.size() / static_cast<size_t>(dim);
  for (const auto& expected : golden["votes"]) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto actual,
                                VoteOfNeighbors({labelled, labels, queries, dim, expected["neighbors"]}, {}));
    const auto votes = expected["votes"].get<std::vector<double>>();
    ASSERT_EQ(actual.size(), votes.size());
    for (size_t i = 0; i < votes.size(); ++i) {
      EXPECT_NEAR(actual[i % tags * count + i / tags], votes[i], 1e-5);
    }
  }
}

TEST(KnnProbeTest, MoreNeighboursThanClipsAreAllAndOfEquallyNearTheEarlierCounts) {
  const std::vector<float> labelled = {1, 0, 1, 0, 1, 0};
  const std::vector<uint8_t> labels = {0, 1, 1};
  const std::vector<float> query = {2, 0};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto one, VoteOfNeighbors({labelled, labels, query, 2, 1}, {}));
  EXPECT_THAT(one, ElementsAre(0));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto two, VoteOfNeighbors({labelled, labels, query, 2, 2}, {}));
  EXPECT_THAT(two, ElementsAre(0.5F));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto all, VoteOfNeighbors({labelled, labels, query, 2, 1000}, {}));
  EXPECT_NEAR(all[0], 2.0 / 3, 1e-6);
}

const std::vector<std::string> kTags = {"drums", "guitar", "piano"};

TEST(KnnProbeTest, ItJudgesTheNeighboursAndNeverLooksAtTestLabels) {
  const auto train = Make({.count = 400, .seed = 1}, 3);
  auto test = Make({.count = 150, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, RunKnnProbe(train, test, kTags, {}, {}));
  EXPECT_GT(result.mean_roc_auc, 0.8);
  EXPECT_EQ(result.train_clips, 340);
  EXPECT_EQ(result.epochs, 0);
  EXPECT_TRUE(result.head.empty());
  EXPECT_LT(result.mean_roc_auc_interval.low, result.mean_roc_auc);
  EXPECT_FALSE(std::isnan(result.validation_map.raw));
  for (uint8_t& label : test.labels) label ^= 1;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult flipped, RunKnnProbe(train, test, kTags, {}, {}));
  EXPECT_NEAR(flipped.mean_roc_auc, 1 - result.mean_roc_auc, 1e-12);
  EXPECT_EQ(flipped.features, result.features);
  EXPECT_EQ(flipped.tags[0].threshold, result.tags[0].threshold);
}

TEST(KnnProbeTest, EmbeddingsThatHardlyDifferAreStandardised) {
  const auto train = Make({.count = 300, .spread = 1e-6, .offset = 0.05, .seed = 1}, 3);
  const auto test = Make({.count = 100, .spread = 1e-6, .offset = 0.05, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, RunKnnProbe(train, test, kTags, {}, {}));
  EXPECT_GT(result.mean_roc_auc, 0.8);
}

TEST(KnnProbeTest, ACancelEndsIt) {
  base::CancelSource source;
  source.Cancel(absl::CancelledError("enough"));
  const auto set = Make({.count = 50, .seed = 1}, 3);
  EXPECT_THAT(RunKnnProbe(set, set, kTags, {}, source.token()), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace timbre::probe
