#include "core/dataset/batch_memory.h"

namespace timbre::dataset {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

BatchMemory::~BatchMemory() {
  base::MutexLock lock(mutex_);
  for (size_t i = 0; i < idle_count_; ++i) ::operator delete(idle_[i].memory, kAlignment);
}

void* BatchMemory::Take(size_t bytes) {
  {
    base::MutexLock lock(mutex_);
    for (size_t i = 0; i < idle_count_; ++i) {
      if (idle_[i].bytes == bytes) return std::exchange(idle_[i], idle_[--idle_count_]).memory;
    }
  }
  return ::operator new(bytes, kAlignment);
}

void BatchMemory::Give(void* memory, size_t bytes) noexcept {
  {
    base::MutexLock lock(mutex_);
    if (idle_count_ < kMostIdle) {
      idle_[idle_count_++] = {memory, bytes};
      return;
    }
  }
  ::operator delete(memory, kAlignment);
}

}  // namespace timbre::dataset
