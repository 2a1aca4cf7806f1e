#include "core/registry/dataset_store.h"

#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/dataset/blob_store.h"
#include "core/registry/dataset_rows.h"
#include "core/registry/in_flight.h"
#include "core/registry/resource_id.h"
#include "core/store/migrate.h"

namespace timbre::registry {
namespace {

namespace fs = std::filesystem;

absl::Status NoSuchDataset(SQLite::Database& db, const std::string& id) {
  const auto name = [](std::string* out, const DatasetInfo& info) { absl::StrAppend(out, info.id); };
  const std::string known = absl::StrJoin(rows::AllDatasets(db), ", ", name);
  return absl::NotFoundError(
      absl::StrCat("there is no data set '", id, "'; there is ", known.empty() ? "none" : known));
}

}  // namespace

const char* DatasetStateName(DatasetState state) {
  switch (state) {
    case DatasetState::kIngesting:
      return "INGESTING";
    case DatasetState::kReady:
      return "READY";
    case DatasetState::kFailed:
      return "FAILED";
  }
  return "UNKNOWN";
}

absl::StatusOr<std::unique_ptr<DatasetStore>> DatasetStore::Create(std::shared_ptr<store::Database> database,
                                                                   const fs::path& root) {
  TIMBRE_RETURN_IF_ERROR(store::Migrate(*database, "datasets", rows::DatasetSchemaSteps()));
  std::unique_ptr<DatasetStore> datasets(new DatasetStore(std::move(database), root));
  datasets->SettleFolders();
  return datasets;
}

void DatasetStore::SettleFolders() const {
  std::error_code error;
  for (fs::directory_iterator entry(root_, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unreadable;
    if (!entry->is_directory(unreadable) || entry->path() == BlobDir()) continue;
    const absl::Status known = Get(entry->path().filename().string()).status();
    // A row that cannot be read is no reason to remove its files.
    SettleFolder(entry->path(), !absl::IsNotFound(known));
  }
}

absl::Status DatasetStore::Insert(const DatasetInfo& info) {
  TIMBRE_RETURN_IF_ERROR(CheckId("data set", info.id));
  return database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    const std::optional<DatasetInfo> earlier = rows::FindDataset(db, info.id);
    if (earlier.has_value() && earlier->state != DatasetState::kFailed) {
      return absl::AlreadyExistsError(absl::StrCat("data set '", info.id, "' exists and is ",
                                                   DatasetStateName(earlier->state),
                                                   "; choose another id or delete it first"));
    }
    rows::PutDataset(db, info);
    return absl::OkStatus();
  });
}

absl::Status DatasetStore::Update(const DatasetInfo& info) {
  return database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    const std::optional<DatasetInfo> before = rows::FindDataset(db, info.id);
    if (!before.has_value()) return NoSuchDataset(db, info.id);
    DatasetInfo after = info;
    after.create_time = before->create_time;
    if (after.job.empty()) after.job = before->job;
    rows::PutDataset(db, after);
    return absl::OkStatus();
  });
}

absl::StatusOr<DatasetInfo> DatasetStore::Get(const std::string& id) const {
  std::optional<DatasetInfo> info;
  const absl::Status read = database_->Read([&](SQLite::Database& db) -> absl::Status {
    info = rows::FindDataset(db, id);
    return info.has_value() ? absl::OkStatus() : NoSuchDataset(db, id);
  });
  TIMBRE_RETURN_IF_ERROR(read);
  return *std::move(info);
}

absl::StatusOr<std::vector<DatasetInfo>> DatasetStore::List() const {
  std::vector<DatasetInfo> all;
  TIMBRE_RETURN_IF_ERROR(database_->Read([&](SQLite::Database& db) {
    all = rows::AllDatasets(db);
    return absl::OkStatus();
  }));
  return all;
}

absl::Status DatasetStore::Delete(const std::string& id) {
  TIMBRE_RETURN_IF_ERROR(Get(id).status());
  std::error_code ignored;
  if (fs::exists(Folder(id), ignored)) TIMBRE_RETURN_IF_ERROR(MarkInFlight(Folder(id)));
  absl::Status removed = database_->Transaction([&](SQLite::Database& db) {
    rows::RemoveDataset(db, id);
    return absl::OkStatus();
  });
  if (removed.ok()) {
    RemoveFolder(Folder(id));
    RemoveUnusedBlobs();
  }
  return removed;
}

void DatasetStore::RemoveUnusedBlobs() const {
  const absl::Status status = dataset::BlobStore::CollectIn(BlobDir());
  if (!status.ok()) base::LogError("unused decoded audio is not removed: {}", status.ToString());
}

absl::StatusOr<std::shared_ptr<const dataset::ClipDataset>> DatasetStore::Open(const std::string& id) const {
  TIMBRE_ASSIGN_OR_RETURN(const DatasetInfo info, Get(id));
  if (info.state != DatasetState::kReady) {
    return absl::FailedPreconditionError(absl::StrCat(
        "data set '", id, "' is ", DatasetStateName(info.state),
        info.state == DatasetState::kIngesting ? "; wait for its ingest job"
                                               : "; create it again, its error says what to mend"));
  }
  auto opened = dataset::ClipDataset::Open(CacheDir(id));
  if (!absl::IsNotFound(opened.status())) return opened;
  return absl::DataLossError(absl::StrCat("the cache of data set '", id,
                                          "' is gone: ", opened.status().message(),
                                          "; delete the data set and create it again"));
}

}  // namespace timbre::registry
