#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::dataset {

// annotations.csv: a header, first column the path, the others 0/1 tags; an optional column named `track_id`
// (any position) groups files of one track.
struct Annotations {
  struct Row {
    std::string path;               // as written, relative to the data set's folder
    std::string track_id;           // empty without the column
    std::vector<uint8_t> labels;    // [tags], 0 or 1
  };
  std::vector<std::string> tags;    // the header's order
  std::vector<Row> rows;            // the file's order
};

// Errors: kInvalidArgument no header (empty file, or a first row that is data), no tag column, ragged row, a label that is not 0 or 1,
//   a path twice, duplicate tags; the message says line and column · kNotFound.
absl::StatusOr<Annotations> ReadAnnotations(const std::filesystem::path& csv);

}  // namespace timbre::dataset
