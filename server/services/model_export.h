#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/registry/model_store.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::services {

struct ExportedFile {
  std::string file_name;           // a name for it, such as "m-3.clmr.safetensors"
  std::vector<std::string> notes;  // what it leaves out
};

// Writes what an ExportModelRequest asks for to `path`.
// Errors: kInvalidArgument name or format · as ModelStore::ReadEncoder, weights::WriteTensorFile and
// model::WriteTorchScript.
absl::StatusOr<ExportedFile> WriteExport(const registry::ModelStore& models,
                                         const v1::ExportModelRequest& request,
                                         const std::filesystem::path& path);

}  // namespace timbre::services
