#pragma once

#include "absl/strings/string_view.h"
#include "client/cli/session.h"

namespace timbre::cli {

// The process' own standard streams: bars and colours only if stdout is a terminal (and TERM is not "dumb",
// and for colours NO_COLOR is unset), UTF-8 by the locale's environment.
Console StandardConsole();

// Colours of the terminal.
enum class Colour { kBold, kDim, kRed, kGreen, kYellow, kBlue };

// `text` in a colour if the console takes colours, else as it is.
std::string Paint(const Console& console, Colour colour, absl::string_view text);

}  // namespace timbre::cli
