#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::engine {

// The matrix products of one layer, by oneDNN's matmul: `batch` times [rows, depth] x [depth, columns] ->
// [rows, columns], sums in fp32. The weights are packed once, for the instruction set that is here. Each
// product is a call: for products in a batch oneDNN 2.6 packs the weights anew each time, which AMX outruns.
// Threads: a Products is const and shared; each thread runs it through a Runner of its own. oneDNN runs on
// the calling thread alone when that thread has called UseOneThread.
class Products {
 public:
  struct Options {
    int64_t batch = 1;
    int64_t depth = 0;
    int64_t columns = 0;
    int64_t row_stride = 0;     // numbers from one source row to the next; depth for dense ones
    int64_t weight_stride = 0;  // numbers from one row of the weights to the next; columns for dense ones
    bool bf16 = false;          // source and weights
    bool bf16_result = false;   // else fp32; rounded after bias and relu
    // [columns]: the result is relu(product + bias); empty: the bare product.
    std::span<const float> bias = {};
    std::vector<int64_t> row_counts;  // those that will be asked for
  };

  // weights: [batch, depth, columns], rows and batches weight_stride and depth * weight_stride apart. Errors:
  // kInternal what oneDNN says.
  static absl::StatusOr<std::shared_ptr<const Products>> Create(const Options& options,
                                                                std::span<const float> weights);
  ~Products();
  Products(const Products&) = delete;

  // One thread's descriptors and scratch memory. Lifetime: its Products outlives it.
  class Runner {
   public:
    ~Runner();

    // Source [batch][rows, depth] (float or Bf16; batches rows * row_stride apart), destination
    // [batch][rows, columns], likewise. Allocates nothing. Errors: kInternal; row counts not promised are
    // one.
    absl::Status Run(const void* source, int64_t rows, void* destination);

   private:
    friend class Products;
    struct State;
    explicit Runner(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  absl::StatusOr<std::unique_ptr<Runner>> MakeRunner() const;

 private:
  struct State;
  explicit Products(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether oneDNN multiplies bf16 on this CPU: on x86-64 from AVX-512 on.
bool HasBf16Products();

// The products of the calling thread use no other threads from here on.
void UseOneThread();

}  // namespace timbre::engine
