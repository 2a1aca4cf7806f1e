#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::engine {

// A loaded model that turns windows into embeddings: the one interface of the inference engines (LibTorch and
// the CPU engine). In eval mode: a window's embedding does not depend on what shares its
// batch. Threads: safe; an engine serialises or parallelises inside as it sees fit.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Shapes: windows [count, window_samples()] row-major, out [count, embedding_dim()]; any count >= 1.
  // Errors: kResourceExhausted device memory · kInternal.
  virtual absl::Status Encode(std::span<const float> windows, int64_t count, std::span<float> out) = 0;

  virtual int64_t window_samples() const = 0;
  virtual int64_t embedding_dim() const = 0;

  // "libtorch cpu fp32" or the like: for GetInfo and logs.
  virtual std::string description() const = 0;
};

}  // namespace timbre::engine
