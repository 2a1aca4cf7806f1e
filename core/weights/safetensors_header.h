#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::weights {

// The JSON header of a safetensors file is at most this long (the format itself allows 100 MB).
inline constexpr uint64_t kMaxHeaderBytes = 16 << 20;

// One tensor as the header describes it: its bytes are data[begin_bytes, end_bytes).
struct TensorEntry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin_bytes = 0;
  uint64_t end_bytes = 0;
};

// What the header says: its tensors in the order of their data, and `__metadata__`.
struct FileHeader {
  std::vector<TensorEntry> entries;
  std::map<std::string, std::string> metadata;
};

// The number of elements of a shape; nothing if a dimension is negative or the product is beyond int64.
std::optional<int64_t> ElementCount(std::span<const int64_t> shape);

// Reads the header of a hostile file. The entries cover `data_bytes` without gap or overlap; each entry's
// size is its shape's (F32 and I64 are the only dtypes let through). Errors: kInvalidArgument says which
// tensor is wrong, and how.
absl::StatusOr<FileHeader> ParseHeader(std::string_view json, uint64_t data_bytes);

}  // namespace timbre::weights
