#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace timbre::engine {

// Numbers that begin at a cache line; zero at first. Large ones lie in huge pages where the system gives them
// to who asks, so that streaming through them does not wait for page tables.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) : data_(Allocate(size)) { std::fill_n(data_.get(), size, T{}); }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  static constexpr size_t kLine = 64, kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  static T* Allocate(int64_t size) {
    const size_t bytes = static_cast<size_t>(size) * sizeof(T),
                 align = bytes < 4 * kHugePage ? kLine : kHugePage;
    const size_t whole = std::max(align, (bytes + align - 1) / align * align);
    void* const data = std::aligned_alloc(align, whole);
    if (data == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (align == kHugePage) ::madvise(data, whole, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(data);
  }
  std::unique_ptr<T, Free> data_;
};

}  // namespace timbre::engine
