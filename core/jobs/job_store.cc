#include "core/jobs/job_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"
#include "core/jobs/job_rows.h"
#include "core/store/columns.h"
#include "core/store/migrate.h"

namespace timbre::jobs {
namespace {

constexpr int64_t kMaxPageSize = 1000;
constexpr size_t kOtherBytes = 512;  // of a job in an answer: its names and times

absl::Status NoSuchJob(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("there is no job '", id, "'; list the jobs to see their ids"));
}

absl::Status CheckNewId(SQLite::Database& db, const std::string& id) {
  const bool hex = std::all_of(id.begin() + (id.empty() ? 0 : 1), id.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
  if (id.size() != 13 || id[0] != 'j' || !hex) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", id, "' is no job id: 'j' and 12 lower-case hex digits are wanted"));
  }
  if (rows::Find(db, id).has_value()) {
    return absl::AlreadyExistsError(absl::StrCat("there is a job '", id, "' already"));
  }
  return absl::OkStatus();
}

absl::Status WithinQuota(SQLite::Database& db, const std::string& client, int64_t max_unfinished) {
  if (max_unfinished <= 0) return absl::OkStatus();
  const int64_t unfinished = rows::CountUnfinished(db, client);
  if (unfinished < max_unfinished) return absl::OkStatus();
  return base::ExhaustedError(
      base::Exhausted::kQuota,
      absl::StrCat("client '", client, "' has ", unfinished, " jobs that have not ended, and its quota is ",
                   max_unfinished, "; wait for one to end, or cancel one"));
}

// A job as `change` left it, with what `change` has no say in.
absl::Status Settle(const Job& before, absl::Time now, Job& job) {
  job.id = before.id;
  job.kind = before.kind;
  job.display_name = before.display_name;
  job.client = before.client;
  job.spec = before.spec;
  job.request_id = before.request_id;
  job.last_sequence = before.last_sequence;
  job.create_time = before.create_time;
  job.start_time = before.start_time;
  job.end_time = before.end_time;
  job.update_time = now;
  if (job.state == before.state) return absl::OkStatus();
  TIMBRE_RETURN_IF_ERROR(CheckTransition(before.state, job.state));
  if (job.state == JobState::kRunning && job.start_time == absl::InfinitePast()) job.start_time = now;
  if (IsTerminal(job.state)) job.end_time = now;
  if (job.state == JobState::kQueued) {
    job.end_time = absl::InfinitePast();
    job.error = absl::OkStatus();
    job.result.clear();
  }
  return absl::OkStatus();
}

std::string ListSql(const JobStore::ListOptions& options) {
  std::string sql = absl::StrCat("SELECT ", rows::kColumns, " FROM jobs WHERE 1");
  if (!options.states.empty()) {
    absl::StrAppend(&sql, " AND state IN (");
    for (size_t i = 0; i < options.states.size(); ++i) absl::StrAppend(&sql, i == 0 ? "?" : ",?");
    absl::StrAppend(&sql, ")");
  }
  if (!options.kind.empty()) absl::StrAppend(&sql, " AND kind = ?");
  if (!options.before_id.empty()) {
    absl::StrAppend(&sql, " AND number < (SELECT number FROM jobs WHERE id = ?)");
  }
  return absl::StrCat(sql, " ORDER BY number DESC LIMIT ?");
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobStore>> JobStore::Create(std::shared_ptr<store::Database> database) {
  TIMBRE_RETURN_IF_ERROR(store::Migrate(*database, "jobs", rows::SchemaSteps()));
  return std::unique_ptr<JobStore>(new JobStore(std::move(database)));
}

absl::StatusOr<Job> JobStore::Insert(Job job, bool* existed, const std::vector<std::string>& payloads,
                                     int64_t max_unfinished) {
  if (existed != nullptr) *existed = false;
  const absl::Status status = database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    if (!job.request_id.empty()) {
      if (auto earlier = rows::FindByRequest(db, job.request_id); earlier.has_value()) {
        if (earlier->kind != job.kind || earlier->spec != job.spec) {
          return absl::AlreadyExistsError(absl::StrCat("request_id '", job.request_id,
                                                       "' was used for the different job '", earlier->id,
                                                       "'; a new job wants a new request_id"));
        }
        job = *std::move(earlier);
        if (existed != nullptr) *existed = true;
        return absl::OkStatus();
      }
    }
    TIMBRE_RETURN_IF_ERROR(WithinQuota(db, job.client, max_unfinished));
    if (job.id.empty()) {
      job.id = rows::NewId(db);
    } else {
      TIMBRE_RETURN_IF_ERROR(CheckNewId(db, job.id));
    }
    Job fresh;
    fresh.id = job.id;
    fresh.kind = std::move(job.kind);
    fresh.display_name = std::move(job.display_name);
    fresh.client = std::move(job.client);
    fresh.spec = std::move(job.spec);
    fresh.request_id = std::move(job.request_id);
    fresh.steps_total = job.steps_total;
    fresh.create_time = fresh.update_time = job.create_time;
    rows::Insert(db, fresh);
    rows::AppendEvents(db, fresh, payloads, fresh.create_time);
    rows::Update(db, fresh);
    job = *rows::Find(db, fresh.id);
    return absl::OkStatus();
  });
  TIMBRE_RETURN_IF_ERROR(status);
  return job;
}

absl::StatusOr<Job> JobStore::Get(const std::string& id) const {
  std::optional<Job> job;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) {
    job = rows::Find(db, id);
    return absl::OkStatus();
  }));
  if (!job.has_value()) return NoSuchJob(id);
  return *std::move(job);
}

absl::StatusOr<std::map<std::pair<std::string, JobState>, int64_t>> JobStore::CountByKindAndState() const {
  std::map<std::pair<std::string, JobState>, int64_t> counts;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) -> absl::Status {
    SQLite::Statement query(db, "SELECT kind, state, count(*) FROM jobs GROUP BY kind, state");
    while (query.executeStep()) {
      TIMBRE_ASSIGN_OR_RETURN(const JobState state, JobStateFromName(query.getColumn(1).getString()));
      counts[{query.getColumn(0).getString(), state}] = query.getColumn(2).getInt64();
    }
    return absl::OkStatus();
  }));
  return counts;
}

absl::StatusOr<std::map<std::string, absl::Time>> JobStore::OldestReports() const {
  std::map<std::string, absl::Time> reports;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) {
    SQLite::Statement query(db, "SELECT kind, min(update_ns) FROM jobs WHERE state = ? GROUP BY kind");
    query.bind(1, JobStateName(JobState::kRunning));
    while (query.executeStep()) reports[query.getColumn(0).getString()] = store::ReadTime(query.getColumn(1));
    return absl::OkStatus();
  }));
  return reports;
}

absl::StatusOr<std::optional<Job>> JobStore::FindByRequestId(const std::string& request_id) const {
  std::optional<Job> job;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) {
    job = rows::FindByRequest(db, request_id);
    return absl::OkStatus();
  }));
  return job;
}

absl::Status JobStore::CheckQuota(const std::string& client, int64_t max_unfinished) const {
  return database_->Read([&](SQLite::Database& db) { return WithinQuota(db, client, max_unfinished); });
}

absl::StatusOr<JobStore::Page> JobStore::List(const ListOptions& options) const {
  const auto page_size = static_cast<size_t>(std::clamp<int64_t>(options.page_size, 1, kMaxPageSize));
  Page page;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) -> absl::Status {
    if (!options.before_id.empty() && !rows::Find(db, options.before_id).has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("the page's last job '", options.before_id,
                                                     "' is not there any more; list from the start"));
    }
    SQLite::Statement query(db, ListSql(options));
    int index = 1;
    for (const JobState state : options.states) query.bind(index++, JobStateName(state));
    if (!options.kind.empty()) query.bind(index++, options.kind);
    if (!options.before_id.empty()) query.bind(index++, options.before_id);
    query.bind(index, static_cast<int64_t>(page_size) + 1);  // one more tells whether others follow
    size_t bytes = 0;
    while (!page.more && query.executeStep()) {
      Job job = rows::Read(query);
      bytes += job.spec.size() + job.result.size() + job.error.message().size() + kOtherBytes;
      page.more = page.jobs.size() == page_size || (bytes > kMaxPageBytes && !page.jobs.empty());
      if (!page.more) page.jobs.push_back(std::move(job));
    }
    return absl::OkStatus();
  }));
  return page;
}

absl::StatusOr<Job> JobStore::Update(const std::string& id, const std::function<absl::Status(Job&)>& change,
                                     const std::vector<std::string>& payloads, absl::Time now) {
  Job job;
  const absl::Status status = database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    const std::optional<Job> before = rows::Find(db, id);
    if (!before.has_value()) return NoSuchJob(id);
    job = *before;
    TIMBRE_RETURN_IF_ERROR(change(job));
    TIMBRE_RETURN_IF_ERROR(Settle(*before, now, job));
    rows::AppendEvents(db, job, payloads, now);
    rows::Update(db, job);
    return absl::OkStatus();
  });
  TIMBRE_RETURN_IF_ERROR(status);
  return job;
}

absl::StatusOr<std::vector<JobEvent>> JobStore::Events(const std::string& id, int64_t after,
                                                       int64_t limit) const {
  std::vector<JobEvent> events;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) -> absl::Status {
    SQLite::Statement job(db, "SELECT number FROM jobs WHERE id = ?");
    job.bind(1, id);
    if (!job.executeStep()) return NoSuchJob(id);
    SQLite::Statement query(db,
                            "SELECT sequence, time_ns, payload FROM job_events "
                            "WHERE job_number = ? AND sequence > ? ORDER BY sequence LIMIT ?");
    query.bind(1, job.getColumn(0).getInt64());
    query.bind(2, after);
    query.bind(3, std::max<int64_t>(limit, 0));
    while (query.executeStep()) {
      events.push_back({id, query.getColumn(0).getInt64(), store::ReadTime(query.getColumn(1)),
                        query.getColumn(2).getString()});
    }
    return absl::OkStatus();
  }));
  return events;
}

absl::Status JobStore::Delete(const std::string& id) {
  return database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    const std::optional<Job> job = rows::Find(db, id);
    if (!job.has_value()) return NoSuchJob(id);
    if (!IsTerminal(job->state)) {
      return absl::FailedPreconditionError(
          absl::StrCat("job '", id, "' is ", JobStateName(job->state), "; cancel it before it is deleted"));
    }
    SQLite::Statement remove(db, "DELETE FROM jobs WHERE id = ?");
    remove.bind(1, id);
    remove.exec();
    return absl::OkStatus();
  });
}

}  // namespace timbre::jobs
