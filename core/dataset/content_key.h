#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/audio/decoder.h"
#include "core/base/cancel_token.h"

namespace timbre::dataset {

// What a file's samples follow from, beside its content: the limits and the versions of the decoders.
std::string DecodeParameters(const audio::DecodeLimits& limits);

// The address of a file's samples in the blob store: sha256 (hex) over the parameters and the whole content.
// sha256 and not a faster hash, because the files of several clients share one store: nobody must be able to
// make a file that stands for another's. It is so much cheaper than decoding that no file is taken for
// unchanged by its size and time alone: copies keep times, and some file systems' are coarse.
// Errors: kNotFound · kInternal · the token's status.
absl::StatusOr<std::string> KeyOfFile(const std::filesystem::path& path, const std::string& parameters,
                                      const base::CancelToken& cancel);

// sha256 (hex) of a file. Errors: as KeyOfFile.
absl::StatusOr<std::string> HashOfFile(const std::filesystem::path& path, const base::CancelToken& cancel);

// Changes whenever a file is written to or replaced.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t bytes = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

// Errors: kNotFound · kInternal.
absl::StatusOr<FileStamp> StampOf(const std::filesystem::path& path);

}  // namespace timbre::dataset
