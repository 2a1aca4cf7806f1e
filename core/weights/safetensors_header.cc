#include "core/weights/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::weights {
namespace {

using Json = nlohmann::json;

constexpr char kMetadataKey[] = "__metadata__";
constexpr int kMaxDepth = 3;  // header > tensor > shape

absl::Status Wrong(absl::string_view name, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("tensor '", name, "' ", problem));
}

// Refuses what a JSON library tolerates: keys given twice (the last would win) and deep nesting (memory).
class StructureCheck {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (!problem_.empty()) return false;
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        keys_.emplace_back();
        if (depth >= kMaxDepth) problem_ = "nests deeper than a safetensors header can";
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get<std::string>()).second) {
          problem_ = absl::StrCat("has the key '", parsed.get<std::string>(), "' twice");
        }
        break;
      case Json::parse_event_t::value:
        break;
    }
    return problem_.empty();
  }
  const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

absl::StatusOr<Json> ParseStrictly(std::string_view text) {
  if (text.empty() || text.front() != '{') {
    return absl::InvalidArgumentError("the safetensors header must start with '{'");
  }
  StructureCheck check;
  Json header = Json::parse(text, std::ref(check), /*allow_exceptions=*/false);
  if (!check.problem().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the safetensors header ", check.problem()));
  }
  if (!header.is_object()) return absl::InvalidArgumentError("the safetensors header is not valid JSON");
  return header;
}

absl::StatusOr<std::map<std::string, std::string>> ReadMetadata(const Json& json) {
  const bool texts =
      json.is_object() && std::all_of(json.begin(), json.end(), [](const Json& v) { return v.is_string(); });
  if (texts) return json.get<std::map<std::string, std::string>>();
  return absl::InvalidArgumentError("__metadata__ of the safetensors header must map texts to texts");
}

absl::Status ReadShape(const Json& json, TensorEntry& entry) {
  const auto shape = json.find("shape");
  if (shape == json.end() || !shape->is_array()) return Wrong(entry.name, "has no 'shape' list");
  for (const Json& dimension : *shape) {
    if (!dimension.is_number_unsigned() ||
        dimension.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Wrong(entry.name, absl::StrCat("has the dimension ", dimension.dump(-1, ' ', true),
                                            "; it must be 0 or more"));
    }
    entry.shape.push_back(dimension.get<int64_t>());
  }
  return absl::OkStatus();
}

absl::Status ReadOffsets(const Json& json, TensorEntry& entry) {
  const auto offsets = json.find("data_offsets");
  if (offsets == json.end() || !offsets->is_array() || offsets->size() != 2 ||
      !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned()) {
    return Wrong(entry.name, "has no 'data_offsets' of two non-negative integers");
  }
  entry.begin_bytes = (*offsets)[0].get<uint64_t>();
  entry.end_bytes = (*offsets)[1].get<uint64_t>();
  if (entry.begin_bytes <= entry.end_bytes) return absl::OkStatus();
  return Wrong(entry.name,
               absl::StrCat("ends (", entry.end_bytes, ") before it begins (", entry.begin_bytes, ")"));
}

absl::StatusOr<TensorEntry> ReadEntry(const std::string& name, const Json& json) {
  if (!json.is_object()) return Wrong(name, "is not described by an object");
  TensorEntry entry;
  entry.name = name;
  const auto dtype = json.find("dtype");
  if (dtype == json.end() || !dtype->is_string()) return Wrong(name, "has no 'dtype' text");
  entry.dtype = dtype->get<std::string>();
  const bool batch_counter = entry.dtype == "I64" && absl::EndsWith(name, "num_batches_tracked");
  if (entry.dtype != "F32" && !batch_counter) {
    return Wrong(name, absl::StrCat("has dtype ", entry.dtype, "; only F32 is accepted: convert the file"));
  }
  TIMBRE_RETURN_IF_ERROR(ReadShape(json, entry));
  TIMBRE_RETURN_IF_ERROR(ReadOffsets(json, entry));

  const uint64_t element_bytes = entry.dtype == "F32" ? sizeof(float) : sizeof(int64_t);
  const std::optional<int64_t> elements = ElementCount(entry.shape);
  uint64_t shape_bytes = 0;
  if (!elements || __builtin_mul_overflow(static_cast<uint64_t>(*elements), element_bytes, &shape_bytes)) {
    return Wrong(name, "has a shape with more elements than can be counted");
  }
  if (entry.end_bytes - entry.begin_bytes != shape_bytes) {
    return Wrong(name, absl::StrCat("has ", entry.end_bytes - entry.begin_bytes, " bytes; its shape needs ",
                                    shape_bytes));
  }
  return entry;
}

absl::Status CheckLayout(std::span<const TensorEntry> entries, uint64_t data_bytes) {
  uint64_t end = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin_bytes != end) {
      return Wrong(entry.name,
                   absl::StrCat("begins at byte ", entry.begin_bytes, ", but the tensor before it ends at ",
                                end, ": overlaps and gaps are not allowed"));
    }
    end = entry.end_bytes;
  }
  if (end == data_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the header describes ", end, " bytes of data, but the file has ", data_bytes,
                   end < data_bytes ? ": it has trailing bytes" : ": it is truncated"));
}

}  // namespace

std::optional<int64_t> ElementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(count, dimension, &count)) return std::nullopt;
  }
  return count;
}

absl::StatusOr<FileHeader> ParseHeader(std::string_view json, uint64_t data_bytes) {
  TIMBRE_ASSIGN_OR_RETURN(const Json parsed, ParseStrictly(json));
  FileHeader header;
  for (const auto& [name, value] : parsed.items()) {
    if (name == kMetadataKey) {
      TIMBRE_ASSIGN_OR_RETURN(header.metadata, ReadMetadata(value));
      continue;
    }
    TIMBRE_ASSIGN_OR_RETURN(TensorEntry entry, ReadEntry(name, value));
    header.entries.push_back(std::move(entry));
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin_bytes, a.end_bytes) < std::pair(b.begin_bytes, b.end_bytes);
  });
  TIMBRE_RETURN_IF_ERROR(CheckLayout(header.entries, data_bytes));
  return header;
}

}  // namespace timbre::weights
