#include "core/registry/model_registry.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "tests/core/registry/registry_fixture.h"
#include "tests/fakes/fake_encoder.h"

namespace timbre::registry {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class ModelRegistryTest : public ModelStoreFixture {
 protected:
  // The encoder's scale is the version's one weight; a negative weight cannot be loaded.
  ModelRegistry::EncoderFactory Factory() {
    return [this](const Version&,
                  const VersionWeights& weights) -> absl::StatusOr<std::shared_ptr<engine::Encoder>> {
      ++loads_;
      if (during_load_) during_load_();
      const float scale = weights.encoder.at("scale").values[0];
      if (scale < 0) return absl::InvalidArgumentError("tensors do not fit");
      return std::make_shared<fakes::FakeEncoder>(
          fakes::FakeEncoder::Options{.window_samples = kDim, .embedding_dim = kDim, .scale = scale});
    };
  }
  static ModelSelector Of(const std::string& model, int64_t version) {
    ModelSelector selector;
    selector.model = model;
    selector.version = version;
    return selector;
  }
  static ModelSelector Labelled(const std::string& model, const std::string& label = "") {
    ModelSelector selector;
    selector.model = model;
    selector.label = label;
    return selector;
  }
  static float ScaleOf(const LoadedModel& model) {
    const std::vector<float> window(kDim, 1.0F);
    std::vector<float> out(kDim);
    EXPECT_THAT(model.encoder->Encode(window, 1, out), IsOk());
    return out[0];
  }

  std::atomic<int> loads_ = 0;
  std::function<void()> during_load_;
};

TEST_F(ModelRegistryTest, AModelIsFoundByVersionLabelAndDefault) {
  Publish("clmr", "", 1);
  Publish("clmr", "", 2);
  Publish("byol", "", 3);
  ModelRegistry registry(*models_, Factory());
  ASSERT_THAT(registry.Promote("clmr", "stable", 1), IsOk());
  ASSERT_THAT(registry.Promote("clmr", "canary", 2), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto model, registry.Acquire(Of("clmr", 2)));
  EXPECT_EQ(ScaleOf(*model), 2);
  EXPECT_EQ(model->version.version, 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(model, registry.Acquire(Labelled("clmr", "canary")));
  EXPECT_EQ(ScaleOf(*model), 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(model, registry.Acquire(Labelled("clmr")));
  EXPECT_EQ(ScaleOf(*model), 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(model, registry.Acquire({}));
  EXPECT_EQ(ScaleOf(*model), 1);
  ASSERT_THAT(registry.Promote("byol", "stable", 1), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(model, registry.Acquire({}));
  EXPECT_EQ(ScaleOf(*model), 3) << "the one promoted last";
}

TEST_F(ModelRegistryTest, WhatIsNotThereIsAnsweredWithWhatIs) {
  ModelRegistry registry(*models_, Factory());
  EXPECT_THAT(registry.Acquire({}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("train one")));
  Publish("clmr");
  EXPECT_THAT(registry.Acquire(Labelled("clmr")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("set that label")));
  ASSERT_THAT(models_->SetLabel("clmr", "canary", 1), IsOk());
  EXPECT_THAT(registry.Acquire(Labelled("clmr", "beta")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("canary")));
  EXPECT_THAT(registry.Acquire(Labelled("nope")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("clmr")));
  EXPECT_THAT(registry.Acquire(Of("clmr", 9)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is 1")));
  EXPECT_THAT(registry.Acquire(Of("", 1)), StatusIs(absl::StatusCode::kInvalidArgument));
  ModelSelector both = Of("clmr", 1);
  both.label = "stable";
  EXPECT_THAT(registry.Acquire(both), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(loads_, 0);
}

TEST_F(ModelRegistryTest, APromoteThatCannotLoadLeavesTheOldLabel) {
  Publish("clmr", "", 1);
  Publish("clmr", "", -1);
  ModelRegistry registry(*models_, Factory());
  ASSERT_THAT(registry.Promote("clmr", "stable", 1), IsOk());
  EXPECT_THAT(registry.Promote("clmr", "stable", 2),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("do not fit")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto model, registry.Acquire({}));
  EXPECT_EQ(model->version.version, 1);
}

TEST_F(ModelRegistryTest, TheObserverHearsOfLoadsAndPromotes) {
  struct Recorder final : Observer {
    void OnLoaded(const absl::Status& status, absl::Duration /*took*/) override {
      loaded.push_back(status.code());
    }
    void OnPromoted(const absl::Status& status) override { promoted.push_back(status.code()); }
    std::vector<absl::StatusCode> loaded, promoted;
  } recorder;
  Publish("clmr", "", 1);
  Publish("clmr", "", -1);
  ModelRegistry registry(*models_, Factory(), 3, &recorder);
  EXPECT_TRUE(registry.Promote("clmr", "stable", 1).ok());
  EXPECT_TRUE(registry.Promote("clmr", "next", 1).ok());
  EXPECT_FALSE(registry.Promote("clmr", "stable", 2).ok());
  EXPECT_FALSE(registry.Promote("clmr", "stable", 3).ok());
  using enum absl::StatusCode;
  EXPECT_THAT(recorder.loaded, ::testing::ElementsAre(kOk, kInvalidArgument));
  EXPECT_THAT(recorder.promoted, ::testing::ElementsAre(kOk, kOk, kInvalidArgument, kNotFound));
}

TEST_F(ModelRegistryTest, AFailedLoadIsTriedAgain) {
  Publish("clmr", "", -1);
  ModelRegistry registry(*models_, Factory());
  EXPECT_FALSE(registry.Acquire(Of("clmr", 1)).ok());
  EXPECT_FALSE(registry.Acquire(Of("clmr", 1)).ok());
  EXPECT_EQ(loads_, 2);
}

TEST_F(ModelRegistryTest, TheLeastRecentlyUsedGoesButLivesOnInTheHandsThatHoldIt) {
  for (int i = 1; i <= 3; ++i) Publish("clmr", "", static_cast<float>(i));
  ModelRegistry registry(*models_, Factory(), 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto first, registry.Acquire(Of("clmr", 1)));
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto second, registry.Acquire(Of("clmr", 2)));
  ASSERT_THAT(registry.Acquire(Of("clmr", 1)), IsOk());  // now 2 is the oldest
  const std::weak_ptr<const LoadedModel> watched = second;
  ASSERT_THAT(registry.Acquire(Of("clmr", 3)), IsOk());
  EXPECT_EQ(loads_, 3);
  EXPECT_EQ(ScaleOf(*second), 2);
  second.reset();
  EXPECT_TRUE(watched.expired()) << "nobody holds it any more";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto again, registry.Acquire(Of("clmr", 1)));
  EXPECT_EQ(again, first);
  EXPECT_EQ(loads_, 3);
  ASSERT_THAT(registry.Acquire(Of("clmr", 2)), IsOk());
  EXPECT_EQ(loads_, 4);
}

TEST_F(ModelRegistryTest, APromoteKeepsWhatServesUntilTheLabelHasMovedAndThenLetsItGo) {
  Publish("clmr", "", 1);
  Publish("clmr", "", 2);
  ModelRegistry registry(*models_, Factory(), 1);
  ASSERT_THAT(registry.Promote("clmr", "stable", 1), IsOk());
  std::weak_ptr<const LoadedModel> old = *registry.Acquire(Labelled("clmr"));
  bool inside = false;
  during_load_ = [&] {
    if (std::exchange(inside, true)) return;
    EXPECT_THAT(registry.Acquire(Labelled("clmr")), IsOk());  // a request that comes meanwhile
    EXPECT_EQ(loads_, 2);
    EXPECT_FALSE(old.expired());
  };
  ASSERT_THAT(registry.Promote("clmr", "stable", 2), IsOk());
  EXPECT_TRUE(old.expired());
  EXPECT_EQ((*registry.Acquire(Labelled("clmr")))->version.version, 2);
  EXPECT_EQ(loads_, 2);
}

TEST_F(ModelRegistryTest, AnEncoderThatGivesNonsenseIsNotPromoted) {
  Publish("clmr", "", 1);
  Publish("clmr", "", std::numeric_limits<float>::quiet_NaN());
  ModelRegistry registry(*models_, Factory());
  ASSERT_THAT(registry.Promote("clmr", "stable", 1), IsOk());
  EXPECT_THAT(registry.Promote("clmr", "stable", 2),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("finite")));
  EXPECT_EQ((*registry.Acquire(Labelled("clmr")))->version.version, 1);
}

TEST_F(ModelRegistryTest, ThreadsThatAskForOneVersionLoadItOnce) {
  Publish("clmr", "", 1);
  ModelRegistry registry(*models_, Factory());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_THAT(registry.Acquire(Of("clmr", 1)), IsOk()); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(loads_, 1);
}

TEST_F(ModelRegistryTest, LoadingOneVersionDoesNotBlockAnother) {
  Publish("clmr", "", 1);
  Publish("clmr", "", 2);
  ModelRegistry registry(*models_, Factory());
  ASSERT_THAT(registry.Acquire(Of("clmr", 1)), IsOk());
  during_load_ = [&] { EXPECT_THAT(registry.Acquire(Of("clmr", 1)), IsOk()); };  // from within the load of 2
  EXPECT_THAT(registry.Acquire(Of("clmr", 2)), IsOk());
  EXPECT_EQ(loads_, 2);
}

TEST_F(ModelRegistryTest, ADeletedModelMadeAnewIsNotServedFromMemory) {
  Publish("clmr", "", 1);
  ModelRegistry registry(*models_, Factory());
  ASSERT_THAT(registry.Acquire(Of("clmr", 1)), IsOk());
  ASSERT_THAT(models_->DeleteModel("clmr", true), IsOk());
  EXPECT_THAT(registry.Acquire(Of("clmr", 1)), StatusIs(absl::StatusCode::kNotFound));
  Publish("clmr", "", 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto model, registry.Acquire(Of("clmr", 1)));
  EXPECT_EQ(ScaleOf(*model), 2);
  registry.Evict("clmr", 1);
  ASSERT_THAT(registry.Acquire(Of("clmr", 1)), IsOk());
  EXPECT_EQ(loads_, 3);
}

TEST_F(ModelRegistryTest, ATaggerScoresByTheSigmoidOfItsHead) {
  Publish("clmr");
  ModelRegistry registry(*models_, Factory());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto model, registry.Acquire(Of("clmr", 1)));
  EXPECT_THAT(registry.AcquireTagger(*model, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("probe")));
  ASSERT_THAT(models_->AddTagger("clmr", 1, NewTagger("jobs/1", "old"), NewHead(1)), IsOk());
  ASSERT_THAT(models_->AddTagger("clmr", 1, NewTagger("jobs/2", "new"), NewHead(2)), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto newest, registry.AcquireTagger(*model, ""));
  EXPECT_EQ(newest->info.id, "new");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto old, registry.AcquireTagger(*model, "old"));
  const std::vector<float> embedding = {0.1F, 0.2F, 0.3F, -0.1F};  // sum 0.5
  const std::vector<float> scores = old->Score(embedding);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_NEAR(scores[0], 1 / (1 + std::exp(-0.5)), 1e-6);  // weight 1, bias 0
  EXPECT_NEAR(scores[1], 0.5, 1e-6);                       // weight 2, bias -1
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto again, registry.AcquireTagger(*model, "old"));
  EXPECT_EQ(again, old) << "kept in memory";
  EXPECT_THAT(registry.AcquireTagger(*model, "nope"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("old, new")));
}

}  // namespace
}  // namespace timbre::registry
