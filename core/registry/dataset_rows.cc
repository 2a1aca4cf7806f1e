#include "core/registry/dataset_rows.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/registry/tag_list.h"
#include "core/store/columns.h"

namespace timbre::registry::rows {
namespace {

constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  source TEXT NOT NULL,
  job TEXT NOT NULL,
  error_code INTEGER NOT NULL,
  error_message TEXT NOT NULL,
  clips INTEGER NOT NULL,
  tracks INTEGER NOT NULL,
  audio_seconds REAL NOT NULL,
  tags TEXT NOT NULL,
  digest TEXT NOT NULL,
  report TEXT NOT NULL,
  create_ns INTEGER
);
)sql",
};

constexpr const char* kColumns =
    "id, state, source, job, error_code, error_message, clips, tracks, audio_seconds, tags, digest, report, "
    "create_ns";

DatasetState StateFromName(const std::string& name) {
  for (const DatasetState state : {DatasetState::kIngesting, DatasetState::kReady, DatasetState::kFailed}) {
    if (name == DatasetStateName(state)) return state;
  }
  throw std::runtime_error(absl::StrCat("no data set state '", name, "'"));
}

// Paths of files need not be UTF-8, JSON must: bad bytes become U+FFFD.
std::string ReportToJson(const dataset::IngestReport& report) {
  nlohmann::json skipped = nlohmann::json::array();
  for (const auto& file : report.skipped) skipped.push_back({{"path", file.path}, {"reason", file.reason}});
  const nlohmann::json json = {{"files_seen", report.files_seen},
                               {"clips", report.clips},
                               {"rows_without_file", report.rows_without_file},
                               {"files_without_row", report.files_without_row},
                               {"audio_seconds", report.audio_seconds},
                               {"skipped", std::move(skipped)},
                               {"files_decoded", report.files_decoded},
                               {"files_cached", report.files_cached}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

dataset::IngestReport ReportFromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  dataset::IngestReport report;
  report.files_seen = json.at("files_seen").get<int64_t>();
  report.clips = json.at("clips").get<int64_t>();
  report.rows_without_file = json.at("rows_without_file").get<int64_t>();
  report.files_without_row = json.at("files_without_row").get<int64_t>();
  report.audio_seconds = json.at("audio_seconds").get<double>();
  // Rows of servers before the blob store lack them.
  report.files_decoded = json.value("files_decoded", int64_t{0});
  report.files_cached = json.value("files_cached", int64_t{0});
  for (const auto& file : json.at("skipped")) {
    report.skipped.push_back({file.at("path").get<std::string>(), file.at("reason").get<std::string>()});
  }
  return report;
}

DatasetInfo Read(SQLite::Statement& row) {
  DatasetInfo info;
  info.id = row.getColumn(0).getString();
  info.state = StateFromName(row.getColumn(1).getString());
  info.source = row.getColumn(2).getString();
  info.job = row.getColumn(3).getString();
  info.error = store::ReadStatus(row.getColumn(4), row.getColumn(5));
  info.clips = row.getColumn(6).getInt64();
  info.tracks = row.getColumn(7).getInt64();
  info.audio_seconds = row.getColumn(8).getDouble();
  info.tags = TagsFromJson(row.getColumn(9).getString());
  info.digest = row.getColumn(10).getString();
  info.report = ReportFromJson(row.getColumn(11).getString());
  info.create_time = store::ReadTime(row.getColumn(12));
  return info;
}

}  // namespace

std::span<const char* const> DatasetSchemaSteps() { return kSteps; }

std::optional<DatasetInfo> FindDataset(SQLite::Database& db, const std::string& id) {
  SQLite::Statement query(db, absl::StrCat("SELECT ", kColumns, " FROM datasets WHERE id = ?"));
  query.bind(1, id);
  if (!query.executeStep()) return std::nullopt;
  return Read(query);
}

std::vector<DatasetInfo> AllDatasets(SQLite::Database& db) {
  SQLite::Statement query(db, absl::StrCat("SELECT ", kColumns, " FROM datasets ORDER BY id"));
  std::vector<DatasetInfo> all;
  while (query.executeStep()) all.push_back(Read(query));
  return all;
}

void PutDataset(SQLite::Database& db, const DatasetInfo& info) {
  SQLite::Statement put(db, absl::StrCat("INSERT OR REPLACE INTO datasets (", kColumns,
                                         ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  put.bind(1, info.id);
  put.bind(2, DatasetStateName(info.state));
  put.bind(3, info.source);
  put.bind(4, info.job);
  put.bind(5, static_cast<int>(info.error.code()));
  put.bind(6, std::string(info.error.message()));
  put.bind(7, info.clips);
  put.bind(8, info.tracks);
  put.bind(9, info.audio_seconds);
  put.bind(10, TagsToJson(info.tags));
  put.bind(11, info.digest);
  put.bind(12, ReportToJson(info.report));
  store::BindTime(put, 13, info.create_time);
  put.exec();
}

void RemoveDataset(SQLite::Database& db, const std::string& id) {
  SQLite::Statement remove(db, "DELETE FROM datasets WHERE id = ?");
  remove.bind(1, id);
  remove.exec();
}

}  // namespace timbre::registry::rows
