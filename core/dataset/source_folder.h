#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace timbre::dataset {

// The folder that a path of CreateDataset means: under `data_root`, symbolic links resolved. Asked again when
// the ingest runs, since folders may have become links meanwhile. Errors: kInvalidArgument it leaves the root
// · kNotFound · kFailedPrecondition no data root.
absl::StatusOr<std::filesystem::path> ResolveSource(const std::filesystem::path& data_root,
                                                    const std::string& path);

}  // namespace timbre::dataset
