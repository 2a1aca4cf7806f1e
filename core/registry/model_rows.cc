#include "core/registry/model_rows.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/registry/tag_list.h"
#include "core/store/columns.h"

namespace timbre::registry::rows {
namespace {

constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE models (
  id TEXT PRIMARY KEY,
  next_version INTEGER NOT NULL,
  create_ns INTEGER
);
CREATE TABLE model_versions (
  model TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  space_id TEXT NOT NULL,
  card TEXT NOT NULL,
  job TEXT UNIQUE,             -- the training that published it; NULL: none
  create_ns INTEGER,
  PRIMARY KEY (model, version)
);
CREATE TABLE model_labels (
  model TEXT NOT NULL,
  label TEXT NOT NULL,
  version INTEGER NOT NULL,
  moved INTEGER NOT NULL,      -- grows with each move of any label
  PRIMARY KEY (model, label),
  FOREIGN KEY (model, version) REFERENCES model_versions (model, version) ON DELETE CASCADE
);
CREATE TABLE taggers (
  number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of attaching
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  tags TEXT NOT NULL,
  job TEXT NOT NULL,
  mean_average_precision REAL,  -- NULL: not a number
  mean_roc_auc REAL,
  evaluation BLOB NOT NULL,
  create_ns INTEGER,
  UNIQUE (model, version, id),
  FOREIGN KEY (model, version) REFERENCES model_versions (model, version) ON DELETE CASCADE
);
)sql",
};

void BindVersion(SQLite::Statement& statement, const std::string& model, int64_t version) {
  statement.bind(1, model);
  statement.bind(2, version);
}

// SQLite has no NaN: it keeps one as NULL.
double ReadNumber(const SQLite::Column& column) {
  return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

std::vector<Tagger> LoadTaggers(SQLite::Database& db, const std::string& model, int64_t version) {
  SQLite::Statement query(db,
                          "SELECT id, tags, job, mean_average_precision, mean_roc_auc, evaluation, create_ns "
                          "FROM taggers WHERE model = ? AND version = ? ORDER BY number");
  BindVersion(query, model, version);
  std::vector<Tagger> taggers;
  while (query.executeStep()) {
    Tagger tagger;
    tagger.id = query.getColumn(0).getString();
    tagger.tags = TagsFromJson(query.getColumn(1).getString());
    tagger.job = query.getColumn(2).getString();
    tagger.mean_average_precision = ReadNumber(query.getColumn(3));
    tagger.mean_roc_auc = ReadNumber(query.getColumn(4));
    tagger.evaluation = query.getColumn(5).getString();
    tagger.create_time = store::ReadTime(query.getColumn(6));
    taggers.push_back(std::move(tagger));
  }
  return taggers;
}

absl::Status LoadVersions(SQLite::Database& db, Model& model) {
  SQLite::Statement query(
      db, "SELECT version, space_id, card, create_ns FROM model_versions WHERE model = ? ORDER BY version");
  query.bind(1, model.id);
  while (query.executeStep()) {
    Version version;
    version.model = model.id;
    version.version = query.getColumn(0).getInt64();
    version.space_id = query.getColumn(1).getString();
    auto card = weights::ModelCardFromJson(query.getColumn(2).getString());
    if (!card.ok()) {
      return absl::DataLossError(absl::StrCat("the card of version ", version.version, " of model '",
                                              model.id, "': ", card.status().message()));
    }
    version.card = *std::move(card);
    version.create_time = store::ReadTime(query.getColumn(3));
    version.taggers = LoadTaggers(db, model.id, version.version);
    model.versions.push_back(std::move(version));
  }
  return absl::OkStatus();
}

}  // namespace

std::span<const char* const> SchemaSteps() { return kSteps; }

absl::StatusOr<std::optional<CatalogEntry>> LoadModel(SQLite::Database& db, const std::string& model) {
  SQLite::Statement query(db, "SELECT create_ns FROM models WHERE id = ?");
  query.bind(1, model);
  if (!query.executeStep()) return std::optional<CatalogEntry>();
  CatalogEntry entry;
  entry.model.id = model;
  entry.model.create_time = store::ReadTime(query.getColumn(0));
  SQLite::Statement labels(db, "SELECT label, version, moved FROM model_labels WHERE model = ?");
  labels.bind(1, model);
  while (labels.executeStep()) {
    const std::string label = labels.getColumn(0).getString();
    entry.model.labels[label] = labels.getColumn(1).getInt64();
    entry.label_moves[label] = labels.getColumn(2).getInt64();
  }
  TIMBRE_RETURN_IF_ERROR(LoadVersions(db, entry.model));
  return std::make_optional(std::move(entry));
}

absl::StatusOr<std::map<std::string, CatalogEntry>> LoadModels(SQLite::Database& db) {
  std::map<std::string, CatalogEntry> entries;
  SQLite::Statement query(db, "SELECT id FROM models");
  while (query.executeStep()) {
    const std::string id = query.getColumn(0).getString();
    TIMBRE_ASSIGN_OR_RETURN(auto entry, LoadModel(db, id));
    entries.emplace(id, *std::move(entry));
  }
  return entries;
}

int64_t NextVersion(SQLite::Database& db, const std::string& model, absl::Time now) {
  SQLite::Statement insert(db, "INSERT OR IGNORE INTO models (id, next_version, create_ns) VALUES (?, 1, ?)");
  insert.bind(1, model);
  store::BindTime(insert, 2, now);
  insert.exec();
  SQLite::Statement query(db, "SELECT next_version FROM models WHERE id = ?");
  query.bind(1, model);
  query.executeStep();
  return query.getColumn(0).getInt64();
}

void InsertVersion(SQLite::Database& db, const Version& version) {
  SQLite::Statement insert(
      db, "INSERT INTO model_versions (model, version, space_id, card, job, create_ns) VALUES (?,?,?,?,?,?)");
  BindVersion(insert, version.model, version.version);
  insert.bind(3, version.space_id);
  insert.bind(4, weights::ModelCardToJson(version.card));
  if (version.card.job.empty()) {
    insert.bind(5);
  } else {
    insert.bind(5, version.card.job);
  }
  store::BindTime(insert, 6, version.create_time);
  insert.exec();
  SQLite::Statement update(db, "UPDATE models SET next_version = ? WHERE id = ?");
  update.bind(1, version.version + 1);
  update.bind(2, version.model);
  update.exec();
}

void InsertTagger(SQLite::Database& db, const Version& version, const Tagger& tagger) {
  SQLite::Statement insert(db,
                           "INSERT INTO taggers (model, version, id, tags, job, mean_average_precision, "
                           "mean_roc_auc, evaluation, create_ns) VALUES (?,?,?,?,?,?,?,?,?)");
  BindVersion(insert, version.model, version.version);
  insert.bind(3, tagger.id);
  insert.bind(4, TagsToJson(tagger.tags));
  insert.bind(5, tagger.job);
  insert.bind(6, tagger.mean_average_precision);
  insert.bind(7, tagger.mean_roc_auc);
  store::BindBytes(insert, 8, tagger.evaluation);
  store::BindTime(insert, 9, tagger.create_time);
  insert.exec();
}

void SetLabel(SQLite::Database& db, const std::string& model, const std::string& label, int64_t version) {
  SQLite::Statement insert(db,
                           "INSERT OR REPLACE INTO model_labels (model, version, label, moved) "
                           "VALUES (?, ?, ?, (SELECT COALESCE(MAX(moved), 0) + 1 FROM model_labels))");
  BindVersion(insert, model, version);
  insert.bind(3, label);
  insert.exec();
}

void DeleteVersion(SQLite::Database& db, const std::string& model, int64_t version) {
  SQLite::Statement remove(db, "DELETE FROM model_versions WHERE model = ? AND version = ?");
  BindVersion(remove, model, version);
  remove.exec();
}

void DeleteModel(SQLite::Database& db, const std::string& model) {
  SQLite::Statement remove(db, "DELETE FROM models WHERE id = ?");
  remove.bind(1, model);
  remove.exec();
}

}  // namespace timbre::registry::rows
