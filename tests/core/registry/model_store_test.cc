#include "core/registry/model_store.h"

#include <cmath>
#include <limits>
#include <thread>

#include "core/weights/model_card.h"
#include "tests/core/registry/registry_fixture.h"

namespace timbre::registry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::WriteFile;
namespace fs = std::filesystem;

class ModelStoreTest : public ModelStoreFixture {};

TEST_F(ModelStoreTest, APublishedVersionHasFilesRowAndIdentity) {
  const Version version = Publish("clmr", "jobs/1", 3);
  EXPECT_EQ(version.version, 1);
  EXPECT_EQ(version.create_time, clock_.Now());
  EXPECT_EQ(version.card.weights_digest, weights::DigestTensors(NewVersion("clmr", "", 3).encoder));
  EXPECT_EQ(version.space_id, weights::EmbeddingSpaceId(version.card));
  for (const char* file : {"encoder.safetensors", "projector.safetensors", "card.json"}) {
    EXPECT_TRUE(fs::exists(root() / "clmr" / "1" / file)) << file;
  }
  EXPECT_FALSE(fs::exists(root() / "clmr" / "1" / ".in-flight"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto tensors, models_->ReadEncoder("clmr", 1));
  EXPECT_EQ(tensors, NewVersion("clmr", "", 3).encoder);
}

TEST_F(ModelStoreTest, AProjectorIsReadBackAndAVersionMayHaveNone) {
  Publish("clmr", "jobs/1", 3);
  ModelStore::NewVersion bare = NewVersion("clmr", "jobs/2", 3);
  bare.projector.clear();
  ASSERT_THAT(models_->Publish(bare), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto projector, models_->ReadProjector("clmr", 1));
  EXPECT_EQ(projector, NewVersion("clmr", "", 3).projector);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto none, models_->ReadProjector("clmr", 2));
  EXPECT_TRUE(none.empty());
  EXPECT_THAT(models_->ReadProjector("clmr", 3), StatusIs(absl::StatusCode::kNotFound));
  WriteFile(root() / "clmr" / "1" / "projector.safetensors", "damaged");
  EXPECT_THAT(models_->ReadProjector("clmr", 1), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ModelStoreTest, VersionsCountUpAndOutliveTheProcess) {
  Publish("clmr", "jobs/1");
  Publish("clmr", "jobs/2", 2);
  Publish("byol", "jobs/3");
  ASSERT_THAT(models_->SetLabel("clmr", "stable", 2), IsOk());
  Reopen();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Model model, models_->GetModel("clmr"));
  ASSERT_THAT(model.versions, SizeIs(2));
  EXPECT_EQ(model.versions[1].version, 2);
  EXPECT_EQ(model.versions[1].card.job, "jobs/2");
  EXPECT_EQ(model.versions[1].create_time, clock_.Now());
  EXPECT_EQ(model.labels.at("stable"), 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto all, models_->ListModels());
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].id, "byol");
}

TEST_F(ModelStoreTest, AJobPublishesOnce) {
  const Version first = Publish("clmr", "jobs/1");
  const Version again = Publish("clmr", "jobs/1", 5);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.space_id, first.space_id);
  Reopen();
  EXPECT_EQ(Publish("clmr", "jobs/1").version, 1);
  EXPECT_EQ(Publish("clmr").version, 2) << "without a job each publish is a version";
  EXPECT_EQ(Publish("clmr").version, 3);
}

TEST_F(ModelStoreTest, ConcurrentPublishesOfOneJobMakeOneVersion) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(Publish("clmr", "jobs/1").version, 1); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& entry : fs::directory_iterator(root())) EXPECT_EQ(entry.path().filename(), "clmr");
}

TEST_F(ModelStoreTest, UnknownNamesAreAnsweredWithWhatThereIs) {
  EXPECT_THAT(models_->GetModel("nope"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  Publish("clmr");
  Publish("byol");
  EXPECT_THAT(models_->GetModel("nope"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("byol, clmr")));
  EXPECT_THAT(models_->GetVersion("clmr", 7), StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is 1")));
  EXPECT_THAT(models_->SetLabel("clmr", "stable", 7), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(models_->SetLabel("clmr", "Not a label", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(models_->Publish(NewVersion("../up", "")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ModelStoreTest, TheModelLabelledLastIsKnown) {
  Publish("byol");
  Publish("clmr");
  EXPECT_EQ(models_->LastLabelled("stable"), std::nullopt);
  ASSERT_THAT(models_->SetLabel("clmr", "stable", 1), IsOk());
  ASSERT_THAT(models_->SetLabel("byol", "stable", 1), IsOk());
  ASSERT_THAT(models_->SetLabel("clmr", "canary", 1), IsOk());
  EXPECT_EQ(models_->LastLabelled("stable"), "byol");
  Reopen();
  EXPECT_EQ(models_->LastLabelled("stable"), "byol");
  ASSERT_THAT(models_->SetLabel("clmr", "stable", 1), IsOk());
  EXPECT_EQ(models_->LastLabelled("stable"), "clmr");
}

TEST_F(ModelStoreTest, TaggersAreAttachedOncePerJobAndTheNewestIsLast) {
  Publish("clmr");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Tagger first,
                              models_->AddTagger("clmr", 1, NewTagger("jobs/p1"), NewHead()));
  EXPECT_EQ(first.id, "t1");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Tagger again,
                              models_->AddTagger("clmr", 1, NewTagger("jobs/p1"), NewHead(9)));
  EXPECT_EQ(again.id, "t1");
  Tagger genres = NewTagger("jobs/p2", "genres");
  genres.mean_roc_auc = std::numeric_limits<double>::quiet_NaN();
  ASSERT_THAT(models_->AddTagger("clmr", 1, genres, NewHead(7)), IsOk());
  EXPECT_THAT(models_->AddTagger("clmr", 1, NewTagger("jobs/p3", "genres"), NewHead()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  Reopen();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Version version, models_->GetVersion("clmr", 1));
  ASSERT_THAT(version.taggers, SizeIs(2));
  EXPECT_EQ(version.taggers[0].tags, first.tags);
  EXPECT_EQ(version.taggers[0].evaluation, first.evaluation);
  EXPECT_EQ(version.taggers[0].mean_average_precision, 0.5);
  EXPECT_EQ(version.taggers[1].id, "genres");
  EXPECT_TRUE(std::isnan(version.taggers[1].mean_roc_auc));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto head, models_->ReadTaggerHead("clmr", 1, "t1"));
  EXPECT_EQ(head, NewHead());
  EXPECT_THAT(models_->ReadTaggerHead("clmr", 1, "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("t1, genres")));
}

TEST_F(ModelStoreTest, ATaggerMustFitItsVersion) {
  Publish("clmr");
  EXPECT_THAT(models_->AddTagger("clmr", 2, NewTagger("j"), NewHead()),
              StatusIs(absl::StatusCode::kNotFound));
  Tagger tagger = NewTagger("j");
  tagger.tags = {"rock"};
  EXPECT_THAT(models_->AddTagger("clmr", 1, tagger, NewHead()),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("[2, 4]"), HasSubstr("[1, 4]"))));
  weights::TensorMap head = NewHead();
  head.erase("bias");
  EXPECT_THAT(models_->AddTagger("clmr", 1, NewTagger("j"), head),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bias")));
  EXPECT_THAT(models_->AddTagger("clmr", 1, NewTagger("j", "../x"), NewHead()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ModelStoreTest, ALabelledVersionIsDeletedOnlyByForce) {
  Publish("clmr");
  Publish("clmr");
  ASSERT_THAT(models_->SetLabel("clmr", "stable", 1), IsOk());
  EXPECT_THAT(models_->DeleteVersion("clmr", 1, false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("stable -> 1")));
  EXPECT_THAT(models_->DeleteModel("clmr", false), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(models_->DeleteVersion("clmr", 2, false), IsOk());
  EXPECT_FALSE(fs::exists(root() / "clmr" / "2"));
  EXPECT_THAT(models_->DeleteVersion("clmr", 1, true), IsOk());
  EXPECT_EQ(models_->LastLabelled("stable"), std::nullopt);
  EXPECT_THAT(models_->DeleteVersion("clmr", 1, true), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Publish("clmr").version, 3) << "a number is not used twice";
}

TEST_F(ModelStoreTest, DeletingAModelTakesAllOfIt) {
  Publish("clmr");
  ASSERT_THAT(models_->AddTagger("clmr", 1, NewTagger("j"), NewHead()), IsOk());
  EXPECT_THAT(models_->DeleteModel("clmr", false), IsOk());
  EXPECT_FALSE(fs::exists(root() / "clmr"));
  Reopen();
  EXPECT_THAT(models_->GetModel("clmr"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(models_->DeleteModel("clmr", true), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelStoreTest, WeightsThatWereChangedOrLostAreNotServed) {
  Publish("clmr", "", 1);
  ASSERT_THAT(weights::WriteTensorFile(root() / "clmr" / "1" / "encoder.safetensors",
                                       NewVersion("clmr", "", 2).encoder),
              IsOk());
  EXPECT_THAT(models_->ReadEncoder("clmr", 1), StatusIs(absl::StatusCode::kDataLoss));
  fs::remove(root() / "clmr" / "1" / "encoder.safetensors");
  EXPECT_THAT(models_->ReadEncoder("clmr", 1), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace timbre::registry
