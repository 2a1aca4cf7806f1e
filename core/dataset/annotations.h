#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::dataset {

// annotations.csv: a header, first column the path, the others 0/1 tags; an optional column named `track_id`
// (any position but the first) groups files of one track. UTF-8, with or without a byte order mark; quoted
// fields as in RFC 4180; lines end in LF or CRLF; empty lines are passed over.
struct Annotations {
  struct Row {
    std::string path;             // as written, relative to the data set's folder
    std::string track_id;         // empty without the column
    std::vector<uint8_t> labels;  // [tags], 0 or 1
  };
  std::vector<std::string> tags;  // the header's order
  std::vector<Row> rows;          // the file's order
  bool has_track_ids = false;     // there is a track_id column
};

// Errors: kInvalidArgument no header (empty file, or a first row that is data), no tag column, ragged row,
//   a label that is not 0 or 1, a path twice (after NormalizedPath), an empty path, duplicate or empty tags,
//   stray quotes, not UTF-8; the message says line and column · kNotFound.
absl::StatusOr<Annotations> ReadAnnotations(const std::filesystem::path& csv);

// The form in which a row's path and a file's path are compared: "./a//b/../c.mp3" is "a/c.mp3".
std::string NormalizedPath(const std::string& path);

}  // namespace timbre::dataset
