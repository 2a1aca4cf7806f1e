#pragma once

#include <string>

namespace timbre::client {

// The W3C `traceparent` that a program's calls carry: the environment's TRACEPARENT, where that is one, so
// that a script's commands share a trace; else a new trace.
std::string TraceparentOfProgram();

}  // namespace timbre::client
