#pragma once

#include <string_view>

namespace timbre::base {

// Logs a finished text as an error. For the rooms that include LibTorch: its wheel brings a fmt of its own,
// which must not meet the one behind log.h in one file.
void LogErrorLine(std::string_view text);

}  // namespace timbre::base
