#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace timbre::cli {

// The header of a NumPy file (format 1.0) for a C-ordered float32 array; its length is a multiple of 64
// bytes.
std::string NpyHeader(size_t rows, size_t columns);

// Writes rows of equal length as a float32 array [rows, columns] that numpy.load reads.
// Errors: kInvalidArgument rows of different lengths · as client::OutputFile.
absl::Status WriteNpy(const std::filesystem::path& path, const std::vector<std::vector<float>>& rows);

}  // namespace timbre::cli
