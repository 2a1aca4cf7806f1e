#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "core/store/database.h"

namespace timbre::store {

// Brings the tables of one room up to date. `steps` are SQL scripts: step i takes the room's tables from
// schema version i to i + 1. The version reached is kept in the table `schema_versions` (room, version); the
// missing steps and the new version are one transaction. A published step is never edited: a change to the
// tables is a new step at the end.
//   constexpr const char* kSteps[] = {"CREATE TABLE jobs (...)", "ALTER TABLE jobs ADD COLUMN ..."};
//   TIMBRE_RETURN_IF_ERROR(Migrate(*database, "jobs", kSteps));
// Errors: kFailedPrecondition the file was written by a newer version of the program · as
// Database::Transaction.
absl::Status Migrate(Database& database, const std::string& room, std::span<const char* const> steps);

}  // namespace timbre::store
