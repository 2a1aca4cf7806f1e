#pragma once

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace timbre::cli {

// Runs one command line (without the program's name) and returns its exit code. Results go to console.out,
// errors to console.err.
int RunApp(const std::vector<std::string>& arguments, const Console& console);

}  // namespace timbre::cli
