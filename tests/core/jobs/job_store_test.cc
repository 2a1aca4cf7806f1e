#include "core/jobs/job_store.h"

#include <atomic>
#include <set>
#include <thread>

#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Job NewJob(const std::string& kind = "ingest", const std::string& request_id = "") {
  Job job;
  job.kind = kind;
  job.display_name = "a job";
  job.spec = std::string("\0spec\xff", 6);
  job.request_id = request_id;
  job.create_time = kStart;
  return job;
}

class JobStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(store_, JobStore::Create(database));
  }
  Job Insert(const Job& job, const std::vector<std::string>& payloads = {}) {
    bool existed = false;
    auto inserted = store_->Insert(job, &existed, payloads);
    EXPECT_THAT(inserted, IsOk());
    EXPECT_FALSE(existed);
    return *inserted;
  }
  absl::StatusOr<Job> MoveTo(const std::string& id, JobState state, absl::Time now = kStart) {
    return store_->Update(
        id,
        [state](Job& job) {
          job.state = state;
          return absl::OkStatus();
        },
        {std::string("to ") + JobStateName(state)}, now);
  }
  std::vector<std::string> Ids(const JobStore::ListOptions& options) {
    std::vector<std::string> ids;
    const auto page = store_->List(options);
    EXPECT_THAT(page, IsOk());
    for (const Job& job : page->jobs) ids.push_back(job.id);
    return ids;
  }

  std::unique_ptr<JobStore> store_;
};

TEST_F(JobStoreTest, AnInsertedJobComesBackAsItWas) {
  const Job inserted = Insert(NewJob("ingest", "request"), {"created"});
  EXPECT_THAT(inserted.id, MatchesRegex("j[0-9a-f]{12}"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, store_->Get(inserted.id));
  EXPECT_EQ(job.kind, "ingest");
  EXPECT_EQ(job.display_name, "a job");
  EXPECT_EQ(job.spec, NewJob().spec);
  EXPECT_EQ(job.request_id, "request");
  EXPECT_EQ(job.state, JobState::kQueued);
  EXPECT_EQ(job.create_time, kStart);
  EXPECT_EQ(job.start_time, absl::InfinitePast());
  EXPECT_EQ(job.end_time, absl::InfinitePast());
  EXPECT_EQ(job.last_sequence, 1);
}

TEST_F(JobStoreTest, JobsAreCountedByKindAndState) {
  Insert(NewJob("ingest"));
  const Job second = Insert(NewJob("ingest"));
  Insert(NewJob("ingest"));
  Insert(NewJob("linear_probe"));
  ASSERT_THAT(MoveTo(second.id, JobState::kRunning), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto counts, store_->CountByKindAndState());
  using Key = std::pair<std::string, JobState>;
  EXPECT_THAT(counts, ElementsAre(std::pair(Key("ingest", JobState::kQueued), 2),
                                  std::pair(Key("ingest", JobState::kRunning), 1),
                                  std::pair(Key("linear_probe", JobState::kQueued), 1)));
}

TEST_F(JobStoreTest, OfEachKindThatRunsTheJobThatIsSilentLongestIsKnown) {
  Insert(NewJob("ssl_training"));
  const Job first = Insert(NewJob("ingest")), second = Insert(NewJob("ingest"));
  ASSERT_THAT(MoveTo(first.id, JobState::kRunning, kStart + absl::Seconds(5)), IsOk());
  ASSERT_THAT(MoveTo(second.id, JobState::kRunning, kStart + absl::Seconds(7)), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto before, store_->OldestReports());
  EXPECT_THAT(before, ElementsAre(Pair("ingest", kStart + absl::Seconds(5))));
  ASSERT_THAT(MoveTo(first.id, JobState::kRunning, kStart + absl::Seconds(9)), IsOk());  // it reports
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto after, store_->OldestReports());
  EXPECT_THAT(after, ElementsAre(Pair("ingest", kStart + absl::Seconds(7))));
}

TEST_F(JobStoreTest, AJobIsFoundByItsRequestId) {
  const Job job = Insert(NewJob("ingest", "request"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto found, store_->FindByRequestId("request"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, job.id);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto none, store_->FindByRequestId("other"));
  EXPECT_FALSE(none.has_value());
}

TEST_F(JobStoreTest, ANewIdIsTakenAsItIs) {
  Job job = NewJob();
  job.id = NewJobId();
  EXPECT_THAT(job.id, MatchesRegex("j[0-9a-f]{12}"));
  EXPECT_EQ(Insert(job).id, job.id);
  EXPECT_NE(NewJobId(), NewJobId());
}

TEST_F(JobStoreTest, ARequestIdMakesASubmitIdempotent) {
  const Job first = Insert(NewJob("ingest", "same"), {"created"});
  bool existed = false;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job second,
                              store_->Insert(NewJob("ingest", "same"), &existed, {"created"}));
  EXPECT_TRUE(existed);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.last_sequence, 1);
  Job other = NewJob("ingest", "same");
  other.spec = "other";
  EXPECT_THAT(store_->Insert(other, &existed),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(first.id)));
}

TEST_F(JobStoreTest, ConcurrentSubmitsOfOneRequestMakeOneJob) {
  std::vector<std::thread> threads;
  std::vector<std::string> ids(8);
  std::atomic<int> fresh = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      bool existed = false;
      auto job = store_->Insert(NewJob("ingest", "same"), &existed);
      ASSERT_THAT(job, IsOk());
      ids[i] = job->id;
      fresh += existed ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1U);
}

TEST_F(JobStoreTest, AGivenIdIsCheckedAndNeverTakenTwice) {
  Job job = NewJob();
  job.id = "j0123456789ab";
  EXPECT_EQ(Insert(job).id, job.id);
  EXPECT_THAT(store_->Insert(job, nullptr), StatusIs(absl::StatusCode::kAlreadyExists));
  for (const char* bad : {"j", "k0123456789ab", "j0123456789AB", "j0123456789abc", "../../etc/pas"}) {
    job.id = bad;
    EXPECT_THAT(store_->Insert(job, nullptr), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST_F(JobStoreTest, TimesFollowTheStates) {
  const std::string id = Insert(NewJob()).id;
  const auto at = [](int seconds) { return kStart + absl::Seconds(seconds); };
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, MoveTo(id, JobState::kRunning, at(1)));
  EXPECT_EQ(job.start_time, at(1));
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, MoveTo(id, JobState::kFailed, at(2)));
  EXPECT_EQ(job.end_time, at(2));
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, MoveTo(id, JobState::kQueued, at(3)));
  EXPECT_EQ(job.end_time, absl::InfinitePast());
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, MoveTo(id, JobState::kRunning, at(4)));
  EXPECT_EQ(job.start_time, at(1)) << "the first start stays";
  EXPECT_EQ(job.update_time, at(4));
}

TEST_F(JobStoreTest, ErrorAndResultAreKeptAndClearedWhenTheJobIsQueuedAgain) {
  const std::string id = Insert(NewJob()).id;
  ASSERT_THAT(MoveTo(id, JobState::kRunning), IsOk());
  const auto fail = [](Job& job) {
    job.state = JobState::kFailed;
    job.error = absl::ResourceExhaustedError("disk full");
    return absl::OkStatus();
  };
  ASSERT_THAT(store_->Update(id, fail, {}, kStart), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, store_->Get(id));
  EXPECT_THAT(job.error, StatusIs(absl::StatusCode::kResourceExhausted, "disk full"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, MoveTo(id, JobState::kQueued));
  EXPECT_THAT(job.error, IsOk());
}

TEST_F(JobStoreTest, ARefusedUpdateWritesNeitherRowNorEvent) {
  const std::string id = Insert(NewJob(), {"created"}).id;
  EXPECT_THAT(MoveTo(id, JobState::kSucceeded), StatusIs(absl::StatusCode::kFailedPrecondition));
  const auto refuse = [](Job& job) {
    job.step = 7;
    return absl::AbortedError("no");
  };
  EXPECT_THAT(store_->Update(id, refuse, {"event"}, kStart), StatusIs(absl::StatusCode::kAborted));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, store_->Get(id));
  EXPECT_EQ(job.step, 0);
  EXPECT_EQ(job.last_sequence, 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto events, store_->Events(id, 0, 10));
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(JobStoreTest, AnUpdateMayChooseItsEventsButNotTheJobsIdentity) {
  const std::string id = Insert(NewJob()).id;
  std::vector<std::string> payloads;
  const auto change = [&](Job& job) {
    job.spec = "other";
    job.kind = "other";
    job.last_sequence = 99;
    payloads = {"one", "two"};
    return absl::OkStatus();
  };
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, store_->Update(id, change, payloads, kStart));
  EXPECT_EQ(job.kind, "ingest");
  EXPECT_EQ(job.spec, NewJob().spec);
  EXPECT_EQ(job.last_sequence, 2);
}

TEST_F(JobStoreTest, EventsAreNumberedWithoutGapsAndReadFromAnyPoint) {
  const std::string id = Insert(NewJob(), {"1"}).id;
  const std::string other = Insert(NewJob(), {"other"}).id;
  for (int i = 2; i <= 5; ++i) {
    const auto keep = [](Job&) { return absl::OkStatus(); };
    ASSERT_THAT(store_->Update(id, keep, {std::to_string(i)}, kStart + absl::Seconds(i)), IsOk());
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto events, store_->Events(id, 2, 2));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].sequence, 3);
  EXPECT_EQ(events[0].payload, "3");
  EXPECT_EQ(events[0].job_id, id);
  EXPECT_EQ(events[0].time, kStart + absl::Seconds(3));
  EXPECT_EQ(events[1].sequence, 4);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto rest, store_->Events(id, 5, 10));
  EXPECT_THAT(rest, IsEmpty());
  EXPECT_THAT(store_->Events("j000000000000", 0, 10), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JobStoreTest, ListsNewestFirstByPageStateAndKind) {
  std::vector<std::string> ids;
  for (const char* kind : {"ingest", "train", "ingest", "train", "ingest"})
    ids.push_back(Insert(NewJob(kind)).id);
  ASSERT_THAT(MoveTo(ids[0], JobState::kRunning), IsOk());
  EXPECT_THAT(Ids({}), ElementsAre(ids[4], ids[3], ids[2], ids[1], ids[0]));
  EXPECT_THAT(Ids({.states = {}, .kind = "", .page_size = 2, .before_id = ""}), ElementsAre(ids[4], ids[3]));
  EXPECT_THAT(Ids({.states = {}, .kind = "", .page_size = 2, .before_id = ids[3]}),
              ElementsAre(ids[2], ids[1]));
  EXPECT_THAT(Ids({.states = {JobState::kRunning, JobState::kFailed}, .kind = "", .before_id = ""}),
              ElementsAre(ids[0]));
  EXPECT_THAT(Ids({.states = {JobState::kQueued}, .kind = "ingest", .before_id = ids[4]}),
              ElementsAre(ids[2]));
  JobStore::ListOptions gone;
  gone.before_id = "j000000000000";
  EXPECT_THAT(store_->List(gone), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(JobStoreTest, APageOfLargeJobsEndsBeforeItIsTooLargeForAnAnswer) {
  Job large = NewJob("ingest");
  large.spec = std::string(JobStore::kMaxPageBytes / 2 - 1024, 'x');
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(Insert(large).id);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const JobStore::Page first, store_->List({}));
  ASSERT_EQ(first.jobs.size(), 2U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(first.jobs.back().id, ids[1]);
  JobStore::ListOptions rest;
  rest.before_id = ids[1];
  TIMBRE_ASSERT_OK_AND_ASSIGN(const JobStore::Page last, store_->List(rest));
  ASSERT_EQ(last.jobs.size(), 1U);
  EXPECT_FALSE(last.more);
  // One that is too large alone is listed alone.
  large.spec = std::string(JobStore::kMaxPageBytes + 1, 'x');
  const std::string largest = Insert(large).id;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const JobStore::Page alone, store_->List({}));
  ASSERT_EQ(alone.jobs.size(), 1U);
  EXPECT_EQ(alone.jobs.front().id, largest);
  EXPECT_TRUE(alone.more);
}

TEST_F(JobStoreTest, OnlyAJobThatIsOverIsDeletedAndItsEventsWithIt) {
  const std::string id = Insert(NewJob("ingest", "again"), {"created"}).id;
  EXPECT_THAT(store_->Delete(id), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cancel")));
  ASSERT_THAT(MoveTo(id, JobState::kCancelled), IsOk());
  EXPECT_THAT(store_->Delete(id), IsOk());
  EXPECT_THAT(store_->Delete(id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->Get(id), StatusIs(absl::StatusCode::kNotFound, HasSubstr(id)));
  EXPECT_THAT(store_->Events(id, 0, 10), StatusIs(absl::StatusCode::kNotFound));
  Insert(NewJob("ingest", "again"));
}

TEST(JobStoreFileTest, ReopeningFindsTheSameJobs) {
  testing::TempDir folder;
  std::string id;
  for (int round = 0; round < 2; ++round) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::Open(folder.path() / "jobs.db"));
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto store, JobStore::Create(database));
    bool existed = false;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, store->Insert(NewJob("ingest", "request"), &existed));
    EXPECT_EQ(existed, round == 1);
    EXPECT_TRUE(id.empty() || id == job.id);
    id = job.id;
  }
}

TEST_F(JobStoreTest, AJobOverTheQuotaIsToldApartFromAnotherRefusal) {
  ASSERT_THAT(store_->Insert(NewJob("ingest"), nullptr, {}, /*max_unfinished=*/1), IsOk());
  EXPECT_THAT(store_->Insert(NewJob("ingest"), nullptr, {}, /*max_unfinished=*/1),
              timbre::testing::IsExhausted(base::Exhausted::kQuota));
  Job bad = NewJob("ingest");
  bad.id = "no id";
  const auto refused = store_->Insert(bad, nullptr, {}, /*max_unfinished=*/2);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(base::ExhaustedCauseOf(refused.status()), std::nullopt);
}

}  // namespace
}  // namespace timbre::jobs
