#pragma once

#include "absl/strings/string_view.h"

namespace timbre::report {

// A file of the page that is carried in the binary: "report.html", "chart.min.js", ... (CMakeLists.txt names
// them); empty for any other name. The source is made by cmake/embed_files.cmake.
absl::string_view Asset(absl::string_view name);

}  // namespace timbre::report
