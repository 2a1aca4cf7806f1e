#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "core/base/sha256.h"
#include "core/registry/model_store.h"
#include "server/rpc/call.h"
#include "server/services/staged_file.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::services {

// What ImportModel needs. Lifetime: the store outlives the calls.
struct ImportDependencies {
  registry::ModelStore& models;
  std::filesystem::path spool_dir;
  int64_t max_bytes = 0;
  std::string build;  // for the model card
};

// One file on its way to become a version: kept in the spool until it is whole, gone with the session.
// Threads: compatible; it blocks on the disk.
class ImportSession {
 public:
  explicit ImportSession(ImportDependencies dependencies) : deps_(std::move(dependencies)) {}

  // Takes the next message. Errors: kInvalidArgument order, names, counts or checksum · kResourceExhausted
  // size or disk.
  absl::Status Take(const v1::ImportModelRequest& message);

  // The client has closed its side: makes the version. Errors: kInvalidArgument there was no `end` · as
  // weights::ParseTensorFile, weights::ReadCheckpoint, weights::TakeServedForm and ModelStore::Publish.
  absl::Status Finish(const rpc::CallRecord& record, v1::ImportModelResponse* response);

 private:
  absl::Status Start(const v1::ImportStart& start);
  absl::Status Append(const std::string& bytes);
  absl::Status End(const v1::ImportEnd& end);

  const ImportDependencies deps_;
  registry::ModelStore::NewVersion version_;
  weights::Origin origin_;
  std::optional<StagedFile> staged_;  // set by `start`
  std::ofstream file_;
  base::Sha256 sha256_;
  int64_t bytes_ = 0;
  bool ended_ = false;
};

}  // namespace timbre::services
