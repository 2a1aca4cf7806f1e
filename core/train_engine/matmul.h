#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::train_engine {

// What one thread computes products with: a stream of oneDNN and scratch memory. oneDNN stays on the calling
// thread (engine::UseOneThread).
class Lane {
 public:
  Lane();
  ~Lane();
  Lane(const Lane&) = delete;

 private:
  friend class Matmul;
  struct State;
  const std::unique_ptr<State> state_;
};

// Batches of matrix products by oneDNN, sums in fp32; each product a call, as in engine::Products. Threads:
// safe, each with a lane of its own. Errors: kInternal what oneDNN says.
class Matmul {
 public:
  struct Options {
    int64_t batch = 1;
    int64_t depth = 0;    // of kTimesWeights: numbers in a source row; else: columns of the left operand
    int64_t columns = 0;  // of the result
    bool bf16 = false;    // operands
  };
  enum class Kind {
    kTimesWeights,    // [rows, depth] x packed [depth, columns] -> [rows, columns]
    kTransposedRows,  // result [depth, columns] += [rows, depth] transposed x [rows, columns]
  };
  Matmul(Kind kind, const Options& options);
  ~Matmul();
  Matmul(const Matmul&) = delete;

  // How the right operand of kTransposedRows lies: [rows, columns], or as AMX takes it, so that oneDNN need
  // not copy it: pairs of rows, channel by channel, in blocks of 32 rows and 64 columns, the blocks of a
  // column one after another: [columns / 64][rows / 32][16 pairs][64][2], absent rows zero.
  enum class Layout { kPlain, kRowPairs };
  static constexpr int64_t kPairRows = 32, kPairColumns = 64;  // of a block
  // What oneDNN prefers here, of so many rows.
  Layout LayoutOf(int64_t rows) const;

  // All operands are dense, batch after batch, fp32 or bf16; the result is fp32. The first call with a number
  // of rows prepares it.
  absl::Status Run(Lane& lane, const void* left, const void* right, int64_t rows, float* result,
                   Layout layout = Layout::kPlain) const;

  // The right operand of kTimesWeights in the layout that the CPU multiplies fastest. `plain`: fp32 [batch]
  // [depth, columns], or, `transposed`, [batch][columns, depth].
  absl::StatusOr<size_t> PackedBytes() const;
  absl::Status Pack(Lane& lane, const float* plain, bool transposed, void* packed) const;

  struct Prepared;  // of the implementation

 private:
  absl::StatusOr<const Prepared*> Prepare(int64_t rows, Layout layout = Layout::kPlain) const;
  bool PrefersPairs(int64_t rows) const;

  const Kind kind_;
  const Options options_;
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace timbre::train_engine
