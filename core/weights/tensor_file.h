#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::weights {

// A named fp32 tensor, row-major.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values;

  int64_t size() const;  // product of the shape
  bool operator==(const Tensor&) const = default;
};

// Tensors by name; the map's order (bytewise by name) is the file's order, so equal tensors give equal files.
using TensorMap = std::map<std::string, Tensor>;

// What a safetensors file holds.
struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;  // its `__metadata__`
};

// Writes a safetensors file (github.com/huggingface/safetensors, format: 8-byte little-endian header length,
// JSON header, data), durably and atomically. `metadata` becomes `__metadata__`. Errors: kInvalidArgument a
// shape that does not fit its values · kResourceExhausted disk full · kInternal.
absl::Status WriteTensorFile(const std::filesystem::path& path, const TensorMap& tensors,
                             const std::map<std::string, std::string>& metadata = {});

// The same bytes in memory, and back. `zero_counters` are further tensors: I64 scalars of value 0, the batch
// counters that PyTorch's strict loading wants. Reading trusts nothing: header size, offsets, shapes and
// overlaps are checked. Only F32 tensors (and I64 ones named *num_batches_tracked, which are skipped) are
// accepted. ParseTensors gives the tensors alone. Errors: kInvalidArgument says what is wrong with the file.
absl::StatusOr<std::string> SerializeTensors(const TensorMap& tensors,
                                             const std::map<std::string, std::string>& metadata = {},
                                             const std::vector<std::string>& zero_counters = {});
absl::StatusOr<TensorFile> ParseTensorFile(std::string_view bytes);
absl::StatusOr<TensorMap> ParseTensors(std::string_view bytes);

// Errors: kNotFound · as ParseTensors.
absl::StatusOr<TensorMap> ReadTensorFile(const std::filesystem::path& path);

// sha256, hex, over names, shapes and values: the identity of the weights.
std::string DigestTensors(const TensorMap& tensors);

}  // namespace timbre::weights
