#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/registry/dataset_store.h"

namespace timbre::registry::rows {

// The SQL of the data set store. All of it runs inside a Database::Read or Transaction and may throw
// (SQLite::Exception, and nlohmann's on a damaged column), which becomes a status there.

std::span<const char* const> DatasetSchemaSteps();

std::optional<DatasetInfo> FindDataset(SQLite::Database& db, const std::string& id);
std::vector<DatasetInfo> AllDatasets(SQLite::Database& db);

// Replaces the row of the same id.
void PutDataset(SQLite::Database& db, const DatasetInfo& info);
void RemoveDataset(SQLite::Database& db, const std::string& id);

}  // namespace timbre::registry::rows
