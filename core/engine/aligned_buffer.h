#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

namespace timbre::engine {

// Numbers that begin at a cache line; zero at first.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) : data_(Allocate(size)) { std::fill_n(data_.get(), size, T{}); }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(T* data) const { ::operator delete(data, kLine); }
  };
  static T* Allocate(int64_t size) {
    return static_cast<T*>(::operator new(static_cast<size_t>(size) * sizeof(T), kLine));
  }
  std::unique_ptr<T, Free> data_;
};

}  // namespace timbre::engine
