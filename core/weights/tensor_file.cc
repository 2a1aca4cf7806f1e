#include "core/weights/tensor_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/atomic_file.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "core/weights/safetensors_header.h"

namespace timbre::weights {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little endian");

constexpr size_t kLengthBytes = 8;
constexpr char kMetadataKey[] = "__metadata__";

std::string_view ValueBytes(const Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float)};
}

absl::Status CheckTensor(const std::string& name, const Tensor& tensor) {
  if (name == kMetadataKey) return absl::InvalidArgumentError("a tensor cannot be named __metadata__");
  const std::optional<int64_t> elements = ElementCount(tensor.shape);
  if (elements && static_cast<uint64_t>(*elements) == tensor.values.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("tensor '", name, "' has the shape [", absl::StrJoin(tensor.shape, ", "),
                   "], which does not fit its ", tensor.values.size(), " values"));
}

absl::StatusOr<std::string> HeaderText(const TensorMap& tensors,
                                       const std::map<std::string, std::string>& metadata,
                                       const std::vector<std::string>& zero_counters) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  size_t begin = 0;
  for (const std::string& name : zero_counters) {  // first, where they are aligned
    header[name] = {{"dtype", "I64"},
                    {"shape", nlohmann::json::array()},
                    {"data_offsets", {begin, begin + sizeof(int64_t)}}};
    begin += sizeof(int64_t);
  }
  for (const auto& [name, tensor] : tensors) {
    TIMBRE_RETURN_IF_ERROR(CheckTensor(name, tensor));
    const size_t end = begin + ValueBytes(tensor).size();
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');  // aligns the data
    return text;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("a tensor name or metadata is not UTF-8: ", error.what()));
  }
}

}  // namespace

int64_t Tensor::size() const {
  int64_t product = 1;
  for (int64_t dimension : shape) product *= dimension;
  return product;
}

absl::StatusOr<std::string> SerializeTensors(const TensorMap& tensors,
                                             const std::map<std::string, std::string>& metadata,
                                             const std::vector<std::string>& zero_counters) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string header, HeaderText(tensors, metadata, zero_counters));
  if (header.size() > kMaxHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the header would be ", header.size(),
                                                   " bytes long; at most ", kMaxHeaderBytes, " are allowed"));
  }
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes += header;
  bytes.append(zero_counters.size() * sizeof(int64_t), '\0');
  for (const auto& [name, tensor] : tensors) bytes += ValueBytes(tensor);
  return bytes;
}

absl::StatusOr<TensorFile> ParseTensorFile(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a safetensors file has at least 8 bytes; this one has ", bytes.size()));
  }
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  if (length > std::min<uint64_t>(bytes.size(), kMaxHeaderBytes)) {
    return absl::InvalidArgumentError(absl::StrCat("the safetensors header claims ", length,
                                                   " bytes; the file has ", bytes.size(), " and at most ",
                                                   kMaxHeaderBytes, " are allowed"));
  }
  const std::string_view data = bytes.substr(length);
  TIMBRE_ASSIGN_OR_RETURN(FileHeader header, ParseHeader(bytes.substr(0, length), data.size()));
  TensorFile file{.tensors = {}, .metadata = std::move(header.metadata)};
  for (TensorEntry& entry : header.entries) {
    if (entry.dtype != "F32") continue;
    const size_t size = entry.end_bytes - entry.begin_bytes;
    Tensor tensor{.shape = std::move(entry.shape), .values = std::vector<float>(size / sizeof(float))};
    if (size > 0) std::memcpy(tensor.values.data(), data.data() + entry.begin_bytes, size);
    file.tensors.emplace(std::move(entry.name), std::move(tensor));
  }
  return file;
}

absl::StatusOr<TensorMap> ParseTensors(std::string_view bytes) {
  TIMBRE_ASSIGN_OR_RETURN(TensorFile file, ParseTensorFile(bytes));
  return std::move(file.tensors);
}

absl::Status WriteTensorFile(const std::filesystem::path& path, const TensorMap& tensors,
                             const std::map<std::string, std::string>& metadata) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string bytes, SerializeTensors(tensors, metadata));
  return base::WriteFileAtomically(path, bytes);
}

absl::StatusOr<TensorMap> ReadTensorFile(const std::filesystem::path& path) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string bytes, base::ReadFile(path));
  absl::StatusOr<TensorMap> tensors = ParseTensors(bytes);
  if (tensors.ok()) return tensors;
  return absl::Status(tensors.status().code(), absl::StrCat(path.string(), ": ", tensors.status().message()));
}

std::string DigestTensors(const TensorMap& tensors) {
  base::Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    hash.AddField(name);
    hash.AddNumber(tensor.shape.size());
    for (int64_t dimension : tensor.shape) hash.AddNumber(static_cast<uint64_t>(dimension));
    hash.AddField(ValueBytes(tensor));
  }
  return hash.HexDigest();
}

}  // namespace timbre::weights
