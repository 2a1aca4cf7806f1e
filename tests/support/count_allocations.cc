#include "tests/support/count_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<int64_t> allocations = 0;
std::atomic<size_t> largest = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  for (size_t seen = largest; size > seen && !largest.compare_exchange_weak(seen, size);) {
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*size*/) noexcept { std::free(memory); }

int64_t timbre::testing::Allocations() { return allocations; }
int64_t timbre::testing::LargestAllocation() { return static_cast<int64_t>(largest.exchange(0)); }
