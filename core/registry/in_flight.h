#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace timbre::registry {

// A folder and its row in the database cannot appear, or go, in one step. While they do, a marker file lies
// in the folder, so that after a crash it is clear which folders are remains and which ones somebody put
// there:
//   publish: files and marker, rename into place, commit the row, remove the marker
//   delete:  marker, commit the row's end, remove the folder
// A folder with a marker and without a row is removed at the next start; one with a row keeps its files and
// loses the marker; one with neither is none of ours and stays.

// Durable. Errors: as base::WriteFileAtomically.
absl::Status MarkInFlight(const std::filesystem::path& folder);

bool IsInFlight(const std::filesystem::path& folder);

// Best effort: a marker that stays is cleared at the next start.
void ClearInFlight(const std::filesystem::path& folder);

// After a crash: `has_row` says whether the database knows the folder. What cannot be removed is logged.
void SettleFolder(const std::filesystem::path& folder, bool has_row);

// Removes a folder with all in it; what cannot be removed is logged (the marker in it makes the next start
// try again).
void RemoveFolder(const std::filesystem::path& folder);

}  // namespace timbre::registry
