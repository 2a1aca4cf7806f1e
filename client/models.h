#pragma once

// Calls of ModelService. Names are long (see names.h).
// Errors: as model_service.proto lists them; kUnavailable, kDeadlineExceeded when the server does not answer.
// Threads: safe.

#include <timbre/v1/model_service.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// All models, over as many pages as it takes.
absl::StatusOr<std::vector<v1::Model>> ListModels(const Connection& connection);

absl::StatusOr<v1::Model> GetModel(const Connection& connection, const std::string& name);

// Moves a label to a version; the server loads it first.
absl::StatusOr<v1::Model> SetLabel(const Connection& connection, const std::string& model_version,
                                   const std::string& label);

// Makes a version that serves another layer of the same weights.
absl::StatusOr<v1::ModelVersion> DeriveVersion(const Connection& connection, const std::string& model_version,
                                               const std::string& embedding_layer);

// Deletes models/{model}, or one version of it; `force` also what labels point to.
absl::Status DeleteModel(const Connection& connection, const std::string& name, bool force);

}  // namespace timbre::client
