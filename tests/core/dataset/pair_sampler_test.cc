#include "core/dataset/pair_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::ClipSpec;
using ::timbre::testing::MakeDataset;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

constexpr int64_t kCrop = 1000;

std::vector<std::vector<std::pair<int64_t, int64_t>>> Plain(const std::vector<std::vector<Crop>>& batch) {
  std::vector<std::vector<std::pair<int64_t, int64_t>>> out;
  for (const auto& track : batch) {
    out.emplace_back();
    for (const Crop& crop : track) out.back().emplace_back(crop.clip, crop.begin_samples);
  }
  return out;
}

class PairSamplerTest : public ::testing::Test {
 protected:
  // `tracks` tracks of two clips each: clip 2i has 3,000 samples, clip 2i + 1 has 1,000 (one position only).
  void SetUp() override {
    std::vector<ClipSpec> specs;
    for (int i = 0; i < 10; ++i) {
      specs.push_back({"track" + std::to_string(i), 3000});
      specs.push_back({"track" + std::to_string(i), 1000});
    }
    auto dataset = MakeDataset(dir_ / "cache", specs);
    ASSERT_THAT(dataset, testing::IsOk());
    dataset_ = *dataset;
  }

  PairSampler Make(uint64_t seed, int64_t batch_tracks, int views = 2, int64_t crop = kCrop) {
    return *PairSampler::Create(
        *dataset_, {.seed = seed, .batch_tracks = batch_tracks, .views = views, .crop_samples = crop});
  }

  static int64_t TrackOf(const Crop& crop) { return crop.clip / 2; }

  TempDir dir_;
  std::shared_ptr<const ClipDataset> dataset_;
};

TEST_F(PairSamplerTest, AnEpochTakesEachTrackAtMostOnceAndDropsTheRest) {
  const PairSampler sampler = Make(1, 3);
  EXPECT_EQ(sampler.items(), 10);
  EXPECT_EQ(sampler.steps_per_epoch(), 3);
  for (int64_t epoch = 0; epoch < 50; ++epoch) {
    std::set<int64_t> tracks;
    for (int64_t step = epoch * 3; step < epoch * 3 + 3; ++step) {
      const auto batch = sampler.Batch(step);
      ASSERT_EQ(batch.size(), 3U);
      for (const auto& views : batch) {
        ASSERT_EQ(views.size(), 2U);
        EXPECT_EQ(TrackOf(views[0]), TrackOf(views[1]));
        tracks.insert(TrackOf(views[0]));
      }
    }
    EXPECT_EQ(tracks.size(), 9U);
  }
}

TEST_F(PairSamplerTest, EachTrackIsLeftOutEquallyOften) {
  const PairSampler sampler = Make(2, 9);
  std::map<int64_t, int> taken;
  for (int64_t step = 0; step < 2000; ++step) {
    for (const auto& views : sampler.Batch(step)) ++taken[TrackOf(views[0])];
  }
  ASSERT_EQ(taken.size(), 10U);
  for (const auto& [track, count] : taken) EXPECT_NEAR(count, 1800, 60) << track;  // 4.5 standard deviations
}

TEST_F(PairSamplerTest, TheAnswerDependsOnSeedAndStepAlone) {
  const PairSampler first = Make(7, 4);
  const PairSampler second = Make(7, 4);
  for (int64_t step : {1000, 3, 0, 999, 3}) EXPECT_EQ(Plain(first.Batch(step)), Plain(second.Batch(step)));
  EXPECT_NE(Plain(first.Batch(3)), Plain(first.Batch(4)));
  EXPECT_NE(Plain(first.Batch(3)), Plain(first.Batch(3 + first.steps_per_epoch())));
  EXPECT_NE(Plain(first.Batch(3)), Plain(Make(8, 4).Batch(3)));
}

TEST_F(PairSamplerTest, AClipIsDrawnByItsLengthAndACropUniformlyInsideOfIt) {
  const PairSampler sampler = Make(3, 10);
  int64_t draws = 0;
  int64_t in_long_clip = 0;
  std::vector<int> quarter(4);
  for (int64_t step = 0; step < 1000; ++step) {
    for (const auto& views : sampler.Batch(step)) {
      for (const Crop& crop : views) {
        ++draws;
        const int64_t room = dataset_->clips()[crop.clip].length_samples - kCrop;
        ASSERT_GE(crop.begin_samples, 0);
        ASSERT_LE(crop.begin_samples, room);
        if (crop.clip % 2 != 0) continue;
        ++in_long_clip;
        ++quarter[std::min<int64_t>(3, crop.begin_samples * 4 / room)];
      }
    }
  }
  EXPECT_NEAR(static_cast<double>(in_long_clip) / draws, 0.75, 0.014);
  for (int count : quarter) EXPECT_NEAR(static_cast<double>(count) / in_long_clip, 0.25, 0.016);
}

TEST_F(PairSamplerTest, TheViewsOfATrackAreDrawnIndependently) {
  const PairSampler sampler = Make(4, 10, 3);
  int64_t same = 0;
  for (int64_t step = 0; step < 100; ++step) {
    for (const auto& views : sampler.Batch(step)) {
      ASSERT_EQ(views.size(), 3U);
      const bool equal = views[0].clip == views[1].clip && views[0].begin_samples == views[1].begin_samples;
      same += equal && views[0].clip % 2 == 0 ? 1 : 0;
    }
  }
  EXPECT_LT(same, 10);  // of 1,000; two draws of the long clip agree with probability 1/2001
}

TEST_F(PairSamplerTest, BothEndsOfAClipAreReached) {
  const PairSampler sampler = Make(5, 10, 2, 2998);
  std::set<int64_t> begins;
  for (int64_t step = 0; step < 200; ++step) {
    for (const auto& views : sampler.Batch(step)) {
      if (views[0].clip % 2 == 0) begins.insert(views[0].begin_samples);
    }
  }
  EXPECT_EQ(begins, (std::set<int64_t>{0, 1, 2}));
}

TEST_F(PairSamplerTest, AClipShorterThanTheCropStartsAtZero) {
  const PairSampler sampler = Make(6, 10, 2, 5000);
  for (const auto& views : sampler.Batch(0)) {
    for (const Crop& crop : views) EXPECT_EQ(crop.begin_samples, 0);
  }
}

TEST_F(PairSamplerTest, ABatchLargerThanTheDataSetIsRefusedWithBothNumbers) {
  EXPECT_THAT(
      PairSampler::Create(*dataset_, {.seed = 0, .batch_tracks = 11, .views = 2, .crop_samples = kCrop}),
      StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("11"), HasSubstr("10"))));
}

TEST_F(PairSamplerTest, OfClipsEachIsAnItemOfItsOwnAndSaysItsTrack) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const PairSampler sampler,
      PairSampler::Create(
          *dataset_,
          {.seed = 1, .batch_tracks = 20, .views = 2, .crop_samples = kCrop, .unit = BatchUnit::kClip}));
  EXPECT_EQ(sampler.items(), 20);
  std::set<int64_t> clips;
  for (const auto& views : sampler.Batch(0)) {
    EXPECT_EQ(views[0].clip, views[1].clip);
    EXPECT_EQ(sampler.group(views[0].clip), TrackOf(views[0]));
    clips.insert(views[0].clip);
  }
  EXPECT_EQ(clips.size(), 20U);
  EXPECT_THAT(
      PairSampler::Create(
          *dataset_,
          {.seed = 1, .batch_tracks = 21, .views = 2, .crop_samples = kCrop, .unit = BatchUnit::kClip}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("20 clips")));
}

TEST_F(PairSamplerTest, NumbersBelowOneAreRefusedByName) {
  const std::vector<std::pair<PairSampler::Options, std::string>> wrong = {
      {{.seed = 0, .batch_tracks = 0, .views = 2, .crop_samples = 9}, "batch_tracks is 0"},
      {{.seed = 0, .batch_tracks = 2, .views = -1, .crop_samples = 9}, "views is -1"},
      {{.seed = 0, .batch_tracks = 2, .views = 2, .crop_samples = 0}, "crop_samples is 0"}};
  for (const auto& [options, problem] : wrong) {
    EXPECT_THAT(PairSampler::Create(*dataset_, options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(problem)));
  }
}

}  // namespace
}  // namespace timbre::dataset
