#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace timbre::train {

// What lies around a snapshot's archive: a line "timbre snapshot 2 <sha256 of the rest>". The archive is read
// by LibTorch, whose reader does not expect hostile bytes; behind this line it meets only what was written.
std::string SealSnapshot(std::string_view archive);

// The archive. Errors: kDataLoss another title, or bytes that are not those of the line.
absl::StatusOr<std::string_view> OpenSnapshot(std::string_view file);

}  // namespace timbre::train
