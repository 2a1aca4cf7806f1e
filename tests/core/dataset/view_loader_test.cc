#include "core/dataset/view_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::MakeDataset;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

constexpr int64_t kCrop = 6561;

class ViewLoaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<testing::ClipSpec> specs;
    for (int i = 0; i < 6; ++i) specs.push_back({"track" + std::to_string(i), 20000});
    specs.push_back({"short", 2500});
    auto dataset = MakeDataset(dir_ / "cache", specs);
    ASSERT_THAT(dataset, IsOk());
    dataset_ = *dataset;
  }

  ViewLoader::Options Options() {
    ViewLoader::Options options;
    options.sampler = {.seed = 11, .batch_tracks = 3, .views = 2, .crop_samples = kCrop};
    options.chain = augment::TutorialChain();
    return options;
  }

  std::unique_ptr<ViewLoader> Start(const ViewLoader::Options& options, base::CancelToken cancel = {}) {
    auto loader = ViewLoader::Start(dataset_, options, std::move(cancel));
    EXPECT_THAT(loader, IsOk());
    return std::move(loader).value();
  }

  // The samples of the first `steps` batches, which must be numbered from first_step on.
  std::vector<BatchSamples> Take(const ViewLoader::Options& options, int steps) {
    const auto loader = Start(options);
    std::vector<BatchSamples> out;
    for (int i = 0; i < steps; ++i) {
      auto batch = loader->Next();
      EXPECT_THAT(batch, IsOk());
      EXPECT_EQ(batch->step, options.first_step + i);
      out.push_back(std::move(batch->samples));
    }
    return out;
  }

  TempDir dir_;
  std::shared_ptr<const ClipDataset> dataset_;
};

TEST_F(ViewLoaderTest, TheNumberOfWorkersAndThePrefetchDepthChangeNoByte) {
  ViewLoader::Options options = Options();
  const auto one = Take(options, 12);
  options.workers = 4;
  options.batches_ahead = 7;
  EXPECT_EQ(Take(options, 12), one);
  options.batches_ahead = 1;
  EXPECT_EQ(Take(options, 12), one);
  EXPECT_NE(one[0], one[1]);
}

TEST_F(ViewLoaderTest, AStartAtStepKGivesWhatARunFromZeroGivesThere) {
  ViewLoader::Options options = Options();
  const auto from_zero = Take(options, 8);
  options.first_step = 5;
  options.workers = 2;
  const auto from_five = Take(options, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(from_five[i], from_zero[5 + i]);
}

TEST_F(ViewLoaderTest, AnotherSeedGivesOtherViews) {
  ViewLoader::Options options = Options();
  const auto first = Take(options, 1);
  options.sampler.seed = 12;
  EXPECT_NE(Take(options, 1), first);
}

TEST_F(ViewLoaderTest, ABatchHoldsViewAfterViewTheCropsOfTheSampler) {
  ViewLoader::Options options = Options();
  options.chain.clear();
  options.sampler.views = 3;
  options.sampler.batch_tracks = 7;
  const auto loader = Start(options);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const PairSampler sampler, PairSampler::Create(*dataset_, options.sampler));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ViewBatch batch, loader->Next());
  EXPECT_EQ(batch.views, 3);
  EXPECT_EQ(batch.tracks, 7);
  EXPECT_EQ(batch.window_samples, kCrop);
  ASSERT_EQ(batch.samples.size(), static_cast<size_t>(3 * 7 * kCrop));
  const auto crops = sampler.Batch(0);
  for (int64_t view = 0; view < 3; ++view) {
    for (int64_t track = 0; track < 7; ++track) {
      const Crop& crop = crops[track][view];
      const auto pcm = dataset_->samples(dataset_->clips()[crop.clip]);
      for (int64_t t = 0; t < kCrop; ++t) {
        // A clip that is shorter than the crop is repeated.
        const auto at = static_cast<size_t>(crop.begin_samples + t) % pcm.size();
        ASSERT_EQ(batch.samples[(view * 7 + track) * kCrop + t], pcm[at] / 32768.0F);
      }
    }
  }
}

TEST_F(ViewLoaderTest, EachViewHasItsOwnRandomStream) {
  ViewLoader::Options options = Options();
  options.sampler.crop_samples = 20000;  // one position: without effects the views would be equal
  options.sampler.batch_tracks = 7;
  options.chain = {{augment::NoiseConfig{}, 1.0}};
  const auto batch = Take(options, 1)[0];
  for (int64_t track = 0; track < 7; ++track) {
    const auto view0 = std::span(batch).subspan(track * 20000, 20000);
    const auto view1 = std::span(batch).subspan((7 + track) * 20000, 20000);
    EXPECT_FALSE(std::equal(view0.begin(), view0.end(), view1.begin()));
  }
}

TEST_F(ViewLoaderTest, ACancelEndsANextThatWaits) {
  base::CancelSource source;
  const auto loader = Start(Options(), source.token());
  absl::Status last;
  std::thread reader([&] {
    for (int taken = 0; last.ok(); ++taken) {
      last = loader->Next().status();
      if (taken == 3) source.Cancel(absl::AbortedError("the job was cancelled"));
    }
  });
  reader.join();
  EXPECT_THAT(last, StatusIs(absl::StatusCode::kAborted, HasSubstr("job was cancelled")));
  EXPECT_THAT(loader->Next(), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(ViewLoaderTest, ACancelFromAnotherThreadEndsTheReader) {
  for (int round = 0; round < 20; ++round) {
    base::CancelSource source;
    ViewLoader::Options options = Options();
    options.batches_ahead = 1;
    options.workers = 2;
    const auto loader = Start(options, source.token());
    std::thread reader([&loader] {
      while (loader->Next().ok()) {
      }
    });
    source.Cancel();
    reader.join();
    EXPECT_THAT(loader->Next(), StatusIs(absl::StatusCode::kCancelled));
  }
}

TEST_F(ViewLoaderTest, ATokenThatIsCancelledBeforeTheStartGivesNoBatch) {
  base::CancelSource source;
  source.Cancel();
  EXPECT_THAT(Start(Options(), source.token())->Next(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ViewLoaderTest, ALoaderThatIsNeverReadEndsWithItsWorkers) {
  ViewLoader::Options options = Options();
  options.workers = 3;
  Start(options).reset();
}

TEST_F(ViewLoaderTest, WaitingForASlowWorkerIsMeasured) {
  ViewLoader::Options options = Options();
  options.batches_ahead = 1;  // the worker begins a batch only when the one before is taken
  options.sampler.batch_tracks = 7;
  const auto loader = Start(options);
  for (int i = 0; i < 10; ++i) ASSERT_THAT(loader->Next(), IsOk());
  EXPECT_GT(loader->total_wait(), absl::ZeroDuration());
  EXPECT_EQ(loader->steps_per_epoch(), 1);
}

TEST_F(ViewLoaderTest, OptionsThatCannotWorkAreRefused) {
  ViewLoader::Options options = Options();
  options.workers = 0;
  EXPECT_THAT(ViewLoader::Start(dataset_, options, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("workers (0)")));
  options = Options();
  options.first_step = -1;
  EXPECT_THAT(ViewLoader::Start(dataset_, options, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("first_step (-1)")));
  options = Options();
  options.sampler.batch_tracks = 8;
  EXPECT_THAT(ViewLoader::Start(dataset_, options, {}), StatusIs(absl::StatusCode::kFailedPrecondition));
  options = Options();
  options.chain[0].probability = 2;
  EXPECT_THAT(ViewLoader::Start(dataset_, options, {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace timbre::dataset
