#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/registry/model_registry.h"

namespace timbre::convert {

// Resource names to their parts and back. Errors: kInvalidArgument, with the form that was expected.

absl::StatusOr<std::string> ParseJobName(const std::string& name);      // jobs/{job} -> job
absl::StatusOr<std::string> ParseDatasetName(const std::string& name);  // datasets/{dataset} -> dataset
absl::StatusOr<std::string> ParseModelName(const std::string& name);    // models/{model} -> model

struct VersionName {
  std::string model;
  int64_t version = 0;
};
absl::StatusOr<VersionName> ParseVersionName(const std::string& name);  // models/{model}/versions/{version}

std::string JobName(const std::string& job);
std::string DatasetName(const std::string& dataset);
std::string ModelName(const std::string& model);
std::string VersionNameOf(const std::string& model, int64_t version);
std::string TaggerName(const std::string& model, int64_t version, const std::string& tagger);

// Id of a new data set or model: [a-z][a-z0-9-]{0,62}.
absl::Status CheckId(const std::string& what, const std::string& id);

// The `model` field of inference requests: empty, models/M, models/M@label or models/M/versions/V; and the
// `tagger` field: empty or models/M/versions/V/taggers/T (which must agree with `model` where both are set).
absl::StatusOr<registry::ModelSelector> ParseSelector(const std::string& model, const std::string& tagger);

}  // namespace timbre::convert
