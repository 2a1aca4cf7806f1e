#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/registry/model_store.h"
#include "core/weights/tensor_file.h"

namespace timbre::registry {

// The files of a model version's folder.
std::filesystem::path EncoderFile(const std::filesystem::path& folder);
std::filesystem::path ProjectorFile(const std::filesystem::path& folder);
std::filesystem::path TaggerFile(const std::filesystem::path& folder, const std::string& tagger);

// Writes a version's files, synced, with the in-flight marker, into a new folder under `root` whose name no
// model can have.
absl::StatusOr<std::filesystem::path> StageVersion(const std::filesystem::path& root,
                                                   const ModelStore::NewVersion& version);

// Renames a staged folder to its place, durably.
absl::Status MoveIntoPlace(const std::filesystem::path& staged, const std::filesystem::path& folder);

// Removes the staged folders that a crash left.
void RemoveStaged(const std::filesystem::path& root);

// As weights::ReadTensorFile, but a published file that is missing or unreadable is kDataLoss.
absl::StatusOr<weights::TensorMap> ReadPublished(const std::filesystem::path& file);

// A tagger's head is "weight" [tags, dim] and "bias" [tags]. Errors: kInvalidArgument.
absl::Status CheckHead(const weights::TensorMap& head, int64_t tags, int64_t dim);

}  // namespace timbre::registry
