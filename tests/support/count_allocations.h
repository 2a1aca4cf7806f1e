#pragma once

#include <cstdint>

namespace timbre::testing {

// How often the process has called operator new. A test program that links count_allocations.cc counts; it
// should be a program of its own.
int64_t Allocations();

// The largest one since the last call of this.
int64_t LargestAllocation();

}  // namespace timbre::testing
