#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "core/registry/model_store.h"

namespace timbre::registry::rows {

// The SQL of the model store. All of it runs inside a Database::Read or Transaction and may throw
// SQLite::Exception, which becomes a status there.

std::span<const char* const> SchemaSteps();

// Errors: kDataLoss a card that cannot be read.
absl::StatusOr<std::optional<CatalogEntry>> LoadModel(SQLite::Database& db, const std::string& model);
absl::StatusOr<std::map<std::string, CatalogEntry>> LoadModels(SQLite::Database& db);

// Makes the model where it is missing; the number that its next version gets (numbers are never used twice).
int64_t NextVersion(SQLite::Database& db, const std::string& model, absl::Time now);
void InsertVersion(SQLite::Database& db, const Version& version);
void InsertTagger(SQLite::Database& db, const Version& version, const Tagger& tagger);
void SetLabel(SQLite::Database& db, const std::string& model, const std::string& label, int64_t version);
void DeleteVersion(SQLite::Database& db, const std::string& model, int64_t version);
void DeleteModel(SQLite::Database& db, const std::string& model);

}  // namespace timbre::registry::rows
