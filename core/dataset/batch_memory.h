#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace timbre::dataset {

// Memory of batches that goes round: what one batch gives back, the next of the same size takes. A batch of
// 96 pairs has 45 MB, which malloc would fetch from the system and return each time: a page fault for every 4
// kB costs more than reading the crops. Threads: safe. Lifetime: shared by those who fill and those who read;
// idle memory is freed with the last of them.
class BatchMemory {
 public:
  BatchMemory() = default;
  ~BatchMemory();
  BatchMemory(const BatchMemory&) = delete;
  BatchMemory& operator=(const BatchMemory&) = delete;

  // Aligned for vectors; holds anything. Throws std::bad_alloc.
  void* Take(size_t bytes);
  void Give(void* memory, size_t bytes) noexcept;

 private:
  struct Block {
    void* memory = nullptr;
    size_t bytes = 0;
  };
  base::Mutex mutex_;
  // More than a loader makes ahead; what is given back beyond that is freed.
  static constexpr size_t kMostIdle = 8;
  std::array<Block, kMostIdle> idle_ ABSL_GUARDED_BY(mutex_) = {};
  size_t idle_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Lets a vector use it, and makes resize() leave new samples as they are instead of writing zeros that a view
// overwrites. Without a BatchMemory: plain new.
template <typename T>
class BatchAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  BatchAllocator() = default;
  explicit BatchAllocator(std::shared_ptr<BatchMemory> memory) : memory_(std::move(memory)) {}
  template <typename U>
  explicit BatchAllocator(const BatchAllocator<U>& other) : memory_(other.memory()) {}

  T* allocate(size_t count) {
    if (memory_ == nullptr) return std::allocator<T>().allocate(count);
    return static_cast<T*>(memory_->Take(count * sizeof(T)));
  }
  void deallocate(T* samples, size_t count) noexcept {
    if (memory_ == nullptr) return std::allocator<T>().deallocate(samples, count);
    memory_->Give(samples, count * sizeof(T));
  }

  template <typename U, typename... Args>
  void construct(U* at, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
      ::new (static_cast<void*>(at)) U;
    } else {
      ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    }
  }

  const std::shared_ptr<BatchMemory>& memory() const { return memory_; }
  template <typename U>
  bool operator==(const BatchAllocator<U>& other) const {
    return memory_ == other.memory();
  }

 private:
  std::shared_ptr<BatchMemory> memory_;
};

using BatchSamples = std::vector<float, BatchAllocator<float>>;

}  // namespace timbre::dataset
