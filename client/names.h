#pragma once

// Resource names, long as the API has them or short as people type them. All are pure.
// Errors: kInvalidArgument, with both forms that are allowed.

#include <string>

#include "absl/status/statusor.h"

namespace timbre::client {

// "jobs/j1" or "j1" -> "jobs/j1".
absl::StatusOr<std::string> JobName(const std::string& text);

// "datasets/d" or "d" -> "datasets/d".
absl::StatusOr<std::string> DatasetName(const std::string& text);

// "d" or "datasets/d" -> "d", for calls that make a data set.
absl::StatusOr<std::string> DatasetId(const std::string& text);

// "models/m" or "m" -> "models/m".
absl::StatusOr<std::string> ModelName(const std::string& text);

// "models/m/versions/3" or "m/3" -> "models/m/versions/3".
absl::StatusOr<std::string> ModelVersionName(const std::string& text);

// A version, or a model alone, which stands for its newest version: "m" -> "models/m".
absl::StatusOr<std::string> ModelOrVersionName(const std::string& text);

// What Embed and Tag take: a model, a version, or "m@label" -> "models/m@label".
absl::StatusOr<std::string> ModelReference(const std::string& text);

// "models/m/versions/3/taggers/t" or "m/3/t".
absl::StatusOr<std::string> TaggerName(const std::string& text);

// The last part: "jobs/j1" -> "j1".
std::string ShortName(const std::string& name);

// "models/m/versions/3" -> "m/3"; other names lose their first part.
std::string ShortVersion(const std::string& name);

}  // namespace timbre::client
