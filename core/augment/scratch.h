#pragma once

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <new>

namespace timbre::augment {

// Memory of a kernel that grows to the largest request and is kept, so that nothing is allocated once warm.
// Meant to be thread_local. What it holds between calls is anything: whoever asks fills it. Threads:
// compatible. Lifetime: a pointer is valid until the next Get.
class Scratch {
 public:
  // Aligned for any vector.
  float* Get(size_t floats) {
    if (floats > capacity_) {
      memory_ = hwy::AllocateAligned<float>(floats);
      capacity_ = memory_ == nullptr ? 0 : floats;
      if (memory_ == nullptr) throw std::bad_alloc();
    }
    return memory_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> memory_;
  size_t capacity_ = 0;
};

}  // namespace timbre::augment
