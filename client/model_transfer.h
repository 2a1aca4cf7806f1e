#pragma once

// A model version as a file: into the server and out of it.

#include <timbre/v1/model_service.pb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Called on the caller's thread after each chunk; may be empty.
using TransferProgress = std::function<void(int64_t done_bytes, int64_t total_bytes)>;

struct ImportOptions {
  // models/{model}: gets the version.
  std::string model = {};
  // A safetensors file on this machine.
  std::filesystem::path file = {};
  int chunk_bytes = 1 << 20;
  TransferProgress on_progress = {};
};

// Sends the file, one chunk in memory at a time, with its count of bytes and their sha256 at the end. No
// deadline. Errors: kNotFound, kInvalidArgument, kPermissionDenied, kDataLoss of reading (the call is then
// cancelled and no version made) · as ImportModel lists them. Not tried again by itself: a second import
// would make a second version.
absl::StatusOr<v1::ModelVersion> ImportModel(const Connection& connection, const ImportOptions& options);

struct ExportOptions {
  // models/{model}/versions/{version}.
  std::string model_version = {};
  v1::ExportFormat format = v1::EXPORT_FORMAT_TIMBRE;
  // Where the file goes; a folder takes it under the name that the server gives it.
  std::filesystem::path path = {};
  TransferProgress on_progress = {};
};

struct Exported {
  std::filesystem::path path;
  int64_t byte_count = 0;
  std::string sha256;
  std::vector<std::string> notes;
};

// Receives a version into a file, which is there, whole, only after OK: the bytes are counted and their
// sha256 compared before that. No deadline.
// Errors: as ExportModel lists them · kDataLoss the stream is not whole or damaged · as OutputFile.
absl::StatusOr<Exported> ExportModel(const Connection& connection, const ExportOptions& options);

}  // namespace timbre::client
