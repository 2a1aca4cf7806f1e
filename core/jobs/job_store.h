#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/jobs/job.h"
#include "core/store/database.h"

namespace timbre::jobs {

// Jobs and their events in SQLite. Every write that returns OK survives kill -9 (WAL, synchronous FULL). A
// job row and its events are written in one transaction, so the numbers of a job's events are 1, 2, 3, ... up
// to the row's last_sequence, always. Threads: safe (one connection behind one mutex). Errors, beside the
// named ones: as store::Database.
class JobStore {
 public:
  // Makes its tables in `database` where they are missing.
  static absl::StatusOr<std::unique_ptr<JobStore>> Create(std::shared_ptr<store::Database> database);

  // Inserts a QUEUED job and its first events. Taken from `job`: id (empty: a random one is made), kind,
  // display_name, client, spec, request_id, steps_total and create_time. With a request_id that is already
  // there, returns that job instead (`*existed` = true) if kind and spec are equal. Errors: kAlreadyExists
  // the request_id was used for another spec, or the id is taken · kInvalidArgument the id's form ·
  // kResourceExhausted the client has `max_unfinished` jobs already that are not over (0: no limit;
  // base::Exhausted::kQuota), or the disk is full.
  absl::StatusOr<Job> Insert(Job job, bool* existed, const std::vector<std::string>& payloads = {},
                             int64_t max_unfinished = 0);

  absl::StatusOr<Job> Get(const std::string& id) const;  // kNotFound

  // How many jobs of each kind are in each state; what no job is in is not in it.
  absl::StatusOr<std::map<std::pair<std::string, JobState>, int64_t>> CountByKindAndState() const;

  // Of each kind with RUNNING jobs: when the one that is silent longest last reported.
  absl::StatusOr<std::map<std::string, absl::Time>> OldestReports() const;

  // The job that was inserted with this request_id, if any.
  absl::StatusOr<std::optional<Job>> FindByRequestId(const std::string& request_id) const;

  struct ListOptions {
    std::vector<JobState> states;  // empty: all
    std::string kind;              // empty: all
    int64_t page_size = 50;        // 1..1000; others are moved into the range
    std::string before_id;         // page cursor: jobs created before this one; empty: from the newest
  };
  struct Page {
    std::vector<Job> jobs;
    bool more = false;  // others follow the last of them
  };
  // Newest first, in the order of insertion. A page ends before page_size where its jobs would take over
  // kMaxPageBytes, so that no list is larger than an answer may be. Errors: kInvalidArgument the
  // cursor's job is not there (any more): list from the start.
  absl::StatusOr<Page> List(const ListOptions& options) const;
  static constexpr size_t kMaxPageBytes = size_t{3} << 20;

  // What Insert asks of `max_unfinished`, for a job that is over and is to be queued again.
  absl::Status CheckQuota(const std::string& client, int64_t max_unfinished) const;

  // Reads, changes and writes a job, and appends `payloads` as events, in one transaction; returns the new
  // job. `change` may refuse with a status: then nothing is written. `payloads` is read after `change` ran,
  // so `change` may fill it by what it found. `change` runs inside the transaction: it must not call the
  // store. A state change is checked against the transition table. Numbers, update_time, start_time and
  // end_time are set here; so are error and result cleared when a job goes back to QUEUED. What Insert was
  // given (id, kind, spec, ...) stays, whatever `change` does to it. Errors: kNotFound · kFailedPrecondition
  // an illegal transition · as `change`.
  absl::StatusOr<Job> Update(const std::string& id, const std::function<absl::Status(Job&)>& change,
                             const std::vector<std::string>& payloads, absl::Time now);

  // Events with sequence > after, oldest first, at most `limit`. Errors: kNotFound.
  absl::StatusOr<std::vector<JobEvent>> Events(const std::string& id, int64_t after, int64_t limit) const;

  // Removes a terminal job and its events. Errors: kNotFound · kFailedPrecondition not terminal.
  absl::Status Delete(const std::string& id);

 private:
  explicit JobStore(std::shared_ptr<store::Database> database) : database_(std::move(database)) {}
  std::shared_ptr<store::Database> database_;
};

}  // namespace timbre::jobs
