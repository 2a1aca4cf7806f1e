#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "core/base/random.h"
#include "core/jobs/job_store.h"
#include "tests/core/jobs/killed_child.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::jobs {
namespace {

using ::timbre::testing::IsOk;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Inserts jobs and appends events as fast as it can, and tells each number that the store acknowledged.
void WriteUntilKilled(const std::filesystem::path& file, uint64_t seed, int out) {
  auto database = store::Database::Open(file);
  if (!database.ok()) ::_exit(1);
  auto store = JobStore::Create(*database);
  if (!store.ok()) ::_exit(1);
  base::Random random({seed});
  std::vector<std::string> ids;
  while (true) {
    absl::StatusOr<Job> job;
    if (ids.empty() || random.Bernoulli(0.2)) {
      Job fresh;
      fresh.kind = "train";
      fresh.create_time = kNow;
      fresh.spec = std::string(static_cast<size_t>(random.UniformInt(0, 5000)), 's');
      job = (*store)->Insert(fresh, nullptr, {"queued"});
      if (job.ok()) ids.push_back(job->id);
    } else {
      const auto& id = ids[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(ids.size()) - 1))];
      const std::vector<std::string> payloads(static_cast<size_t>(random.UniformInt(1, 3)),
                                              std::string(500, 'e'));
      const auto step = [](Job& changed) {
        ++changed.step;
        return absl::OkStatus();
      };
      job = (*store)->Update(id, step, payloads, kNow);
    }
    if (!job.ok()) ::_exit(1);
    testing::Tell(out, absl::StrCat(job->id, " ", job->last_sequence, " ", job->step));
  }
}

TEST(KillTest, WhatWasAcknowledgedIsThereAfterKill9AndNoNumberIsMissing) {
  testing::TempDir folder;
  const auto file = folder / "jobs.db";
  base::Random random({20240610});
  struct Acknowledged {
    int64_t sequence = 0;
    int64_t step = 0;
  };
  std::map<std::string, Acknowledged> acknowledged;
  for (uint64_t round = 0; round < 12; ++round) {
    const auto lines = testing::RunAndKill([&](int out) { WriteUntilKilled(file, round, out); },
                                           static_cast<int>(random.UniformInt(1, 60)));
    ASSERT_FALSE(lines.empty());
    for (const std::string& line : lines) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      Acknowledged& job = acknowledged[words.at(0)];
      ASSERT_TRUE(absl::SimpleAtoi(words.at(1), &job.sequence) && absl::SimpleAtoi(words.at(2), &job.step));
    }
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::Open(file));
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto store, JobStore::Create(database));
    for (const auto& [id, least] : acknowledged) {
      TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, store->Get(id));
      EXPECT_GE(job.last_sequence, least.sequence);
      EXPECT_GE(job.step, least.step);
    }
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto page,
                                store->List({.states = {}, .kind = "", .page_size = 1000, .before_id = ""}));
    for (const Job& job : page.jobs) {
      TIMBRE_ASSERT_OK_AND_ASSIGN(const auto events, store->Events(job.id, 0, 100'000));
      ASSERT_EQ(static_cast<int64_t>(events.size()), job.last_sequence);
      for (size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].sequence, static_cast<int64_t>(i) + 1);
    }
  }
}

}  // namespace
}  // namespace timbre::jobs
