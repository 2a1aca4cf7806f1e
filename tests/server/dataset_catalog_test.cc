#include "server/services/dataset_catalog.h"

#include "absl/strings/str_cat.h"
#include "core/registry/dataset_store.h"
#include "server/convert/job_convert.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::services {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

// Of jobs that are never begun.
class NoBodies final : public jobs::JobCodec {
 public:
  absl::StatusOr<jobs::JobBody> MakeBody(const jobs::Job&) override {
    return absl::InternalError("a job was begun");
  }
  std::string StatePayload(jobs::JobState, const absl::Status&, const std::string&) override { return ""; }
  bool CanResume(const jobs::Job&) override { return false; }
};

class DatasetCatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(std::shared_ptr<store::Database> database,
                                store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(jobs_, jobs::JobStore::Create(database));
    TIMBRE_ASSERT_OK_AND_ASSIGN(datasets_, registry::DatasetStore::Create(database, folder_ / "datasets"));
    TIMBRE_ASSERT_OK_AND_ASSIGN(scheduler_,
                                jobs::Scheduler::Start({.lane_of_kind = {}, .hold = true}, *jobs_, codec_));
    registry::DatasetInfo info;
    info.id = "songs";
    ASSERT_THAT(datasets_->Insert(info), IsOk());
  }

  static DatasetCatalog::Options TwoAtATime() {
    return {.data_root = {}, .clock = &base::Clock::System(), .jobs_at_once = 2};
  }

  // A queued training on the data set.
  void QueueTraining(const std::string& id, const std::string& dataset) {
    v1::Job spec;
    spec.mutable_ssl_training()->set_dataset(absl::StrCat("datasets/", dataset));
    jobs::Job job;
    job.id = id;
    job.kind = convert::KindOf(spec);
    job.spec = convert::SpecBytes(spec);
    bool existed = false;
    ASSERT_THAT(jobs_->Insert(job, &existed), IsOk());
  }

  const timbre::testing::TempDir folder_;
  std::unique_ptr<jobs::JobStore> jobs_;
  std::unique_ptr<registry::DatasetStore> datasets_;
  NoBodies codec_;
  std::unique_ptr<jobs::Scheduler> scheduler_;
};

TEST_F(DatasetCatalogTest, ADataSetIsKeptForItsJobHoweverManyOthersWereQueuedAfterIt) {
  DatasetCatalog catalog(*datasets_, *jobs_, *scheduler_, TwoAtATime());
  QueueTraining("j00000000000a", "songs");
  for (int i = 0; i < 5; ++i) QueueTraining(absl::StrCat("j00000000000", i), "speech");
  EXPECT_THAT(catalog.Delete("songs"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("datasets/songs"), HasSubstr("j00000000000a"))));
  EXPECT_THAT(datasets_->Get("songs"), IsOk());
}

TEST_F(DatasetCatalogTest, ADataSetThatNoJobUsesGoesAlsoWhereTheJobsFillWholePages) {
  DatasetCatalog catalog(*datasets_, *jobs_, *scheduler_, TwoAtATime());
  for (int i = 0; i < 4; ++i) QueueTraining(absl::StrCat("j00000000000", i), "speech");
  EXPECT_THAT(catalog.Delete("songs"), IsOk());
  EXPECT_THAT(datasets_->Get("songs"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("songs")));
}

}  // namespace
}  // namespace timbre::services
