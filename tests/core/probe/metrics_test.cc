#include "core/probe/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace timbre::probe {
namespace {

using Labels = std::vector<uint8_t>;
using Scores = std::vector<float>;

TEST(MetricsTest, TheUnitVectorsOfScikitLearn) {
  EXPECT_NEAR(AveragePrecision(Labels{0, 0, 1, 1}, Scores{.1F, .4F, .35F, .8F}), 0.833333, 1e-6);
  EXPECT_NEAR(RocAuc(Labels{0, 0, 1, 1}, Scores{.1F, .4F, .35F, .8F}), 0.75, 1e-12);
  EXPECT_NEAR(AveragePrecision(Labels{1, 0, 1, 0}, Scores{.9F, .9F, .4F, .1F}), 0.583333, 1e-6);
  EXPECT_NEAR(RocAuc(Labels{1, 0, 1, 0}, Scores{.9F, .9F, .4F, .1F}), 0.625, 1e-12);
  EXPECT_NEAR(AveragePrecision(Labels{0, 0, 1, 1}, Scores{.5F, .5F, .5F, .5F}), 0.5, 1e-12);
  EXPECT_NEAR(RocAuc(Labels{0, 0, 1, 1}, Scores{.5F, .5F, .5F, .5F}), 0.5, 1e-12);
  EXPECT_EQ(AveragePrecision(Labels{1, 1, 1}, Scores{.3F, .2F, .1F}), 1.0);
  EXPECT_EQ(AveragePrecision(Labels{1}, Scores{.5F}), 1.0);
}

TEST(MetricsTest, ASingleClassHasNoRocAucAndNoPositivesHaveNoPrecision) {
  EXPECT_TRUE(std::isnan(RocAuc(Labels{1, 1}, Scores{.1F, .2F})));
  EXPECT_TRUE(std::isnan(RocAuc(Labels{0, 0}, Scores{.1F, .2F})));
  EXPECT_EQ(AveragePrecision(Labels{0, 0}, Scores{.1F, .2F}), 0.0);
  EXPECT_EQ(AveragePrecision(Labels{}, Scores{}), 0.0);
}

// tests/golden/metrics/make_golden.py wrote the cases and their answers.
TEST(MetricsTest, RandomCasesWithTiesEqualScikitLearn) {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/metrics/golden.csv");
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    std::string label_text, score_text, precision, auc;
    std::getline(fields, label_text, ';');
    std::getline(fields, score_text, ';');
    std::getline(fields, precision, ';');
    std::getline(fields, auc, ';');
    Labels labels;
    for (const char c : label_text) labels.push_back(c == '1');
    Scores scores;
    std::istringstream values(score_text);
    for (std::string value; std::getline(values, value, ',');)
      scores.push_back(std::strtof(value.c_str(), nullptr));
    ASSERT_EQ(labels.size(), scores.size());

    EXPECT_NEAR(AveragePrecision(labels, scores), std::stod(precision), 1e-12) << line;
    if (auc == "nan") {
      EXPECT_TRUE(std::isnan(RocAuc(labels, scores))) << line;
    } else {
      EXPECT_NEAR(RocAuc(labels, scores), std::stod(auc), 1e-12) << line;
    }
    ++cases;
  }
  EXPECT_EQ(cases, 1000);
}

TEST(MetricsTest, TheOrderOfTheItemsDoesNotMatter) {
  base::Random random({3});
  for (int round = 0; round < 200; ++round) {
    Labels labels(20);
    Scores scores(20);
    for (size_t i = 0; i < 20; ++i) {
      labels[i] = random.Bernoulli(0.4);
      scores[i] = static_cast<float>(random.UniformInt(0, 5));
    }
    labels[0] = 1;
    labels[1] = 0;
    const double precision = AveragePrecision(labels, scores);
    const double auc = RocAuc(labels, scores);
    for (size_t i = 19; i > 0; --i) {
      const auto j = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(i)));
      std::swap(labels[i], labels[j]);
      std::swap(scores[i], scores[j]);
    }
    EXPECT_EQ(AveragePrecision(labels, scores), precision);
    EXPECT_EQ(RocAuc(labels, scores), auc);
  }
}

TEST(MetricsTest, TheMeanIsOverTheTagsWithBothClasses) {
  const Labels labels = {0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1};
  const Scores scores = {.1F, .4F, .35F, .8F, 1, 2, 3, 4, 1, 2, 3, 4, 4, 3, 2, 1};
  EXPECT_NEAR(MeanAveragePrecision(labels, scores, 4).value_or(0), (0.8333333333 + 0.25) / 2, 1e-9);
  EXPECT_FALSE(MeanAveragePrecision(Labels{1, 1}, Scores{1, 2}, 2).has_value());
}

TEST(MetricsTest, NegatingTheScoresMirrorsRocAuc) {
  const Labels labels = {0, 1, 1, 0, 1, 0, 0};
  const Scores scores = {.1F, .2F, .2F, .2F, .9F, .3F, .1F};
  Scores negated = scores;
  for (float& score : negated) score = -score;
  EXPECT_NEAR(RocAuc(labels, scores) + RocAuc(labels, negated), 1.0, 1e-12);
}

}  // namespace
}  // namespace timbre::probe
