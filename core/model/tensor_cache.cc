#include "core/model/tensor_cache.h"

#include <cstdlib>
#include <new>
#include <unordered_map>
#include <vector>

#include "core/base/mutex.h"
#include "core/model/torch_compat.h"

namespace timbre::model {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLargeBytes = 1 << 20;

void* AlignedAllocate(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, kAlignment, bytes) != 0) throw std::bad_alloc();
  return memory;
}

class TensorCache {
 public:
  // Never destroyed: tensors with static lifetime may give memory back after main.
  static TensorCache& Instance() {
    static auto* const cache = new TensorCache();
    return *cache;
  }

  void* Allocate(size_t bytes) {
    if (bytes < kLargeBytes) return AlignedAllocate(bytes);
    base::MutexLock lock(mutex_);
    auto& free = free_[bytes];
    void* memory = nullptr;
    if (free.empty()) {
      memory = AlignedAllocate(bytes);
    } else {
      memory = free.back();
      free.pop_back();
      cached_bytes_ -= bytes;
    }
    sizes_[memory] = bytes;
    return memory;
  }

  void Release(void* memory) {
    if (memory == nullptr) return;
    {
      base::MutexLock lock(mutex_);
      if (auto found = sizes_.find(memory); found != sizes_.end()) {
        const size_t bytes = found->second;
        sizes_.erase(found);
        if (scopes_ > 0) {
          free_[bytes].push_back(memory);
          cached_bytes_ += bytes;
          return;
        }
      }
    }
    std::free(memory);
  }

  void Open() {
    base::MutexLock lock(mutex_);
    ++scopes_;
  }

  void Close() {
    base::MutexLock lock(mutex_);
    if (--scopes_ > 0) return;
    for (auto& [bytes, blocks] : free_) {
      for (void* block : blocks) std::free(block);
    }
    free_.clear();
    cached_bytes_ = 0;
  }

  size_t cached_bytes() {
    base::MutexLock lock(mutex_);
    return cached_bytes_;
  }

 private:
  base::Mutex mutex_;
  int scopes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t cached_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<size_t, std::vector<void*>> free_ ABSL_GUARDED_BY(mutex_);  // by size
  std::unordered_map<void*, size_t> sizes_ ABSL_GUARDED_BY(mutex_);              // of large blocks in use
};

}  // namespace

TensorCacheScope::TensorCacheScope() {
  InstallCpuMemoryHooks({[](size_t bytes) { return TensorCache::Instance().Allocate(bytes); },
                         [](void* memory) { TensorCache::Instance().Release(memory); }});
  TensorCache::Instance().Open();
}

TensorCacheScope::~TensorCacheScope() { TensorCache::Instance().Close(); }

size_t CachedTensorBytes() { return TensorCache::Instance().cached_bytes(); }

}  // namespace timbre::model
