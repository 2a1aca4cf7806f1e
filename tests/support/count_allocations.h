#pragma once

#include <cstdint>

namespace timbre::testing {

// How often the process has called operator new. A test program that links count_allocations.cc counts; it
// should be a program of its own.
int64_t Allocations();

}  // namespace timbre::testing
