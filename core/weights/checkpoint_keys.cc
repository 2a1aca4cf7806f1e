#include "core/weights/checkpoint_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/weights/sample_cnn_layout.h"

namespace timbre::weights {
namespace {

constexpr std::array<std::string_view, 7> kEncoderPrefixes = {"",
                                                              "encoder.",
                                                              "model.encoder.",
                                                              "module.",
                                                              "module.encoder.",
                                                              "model.module.encoder.",
                                                              "module.model.encoder."};
constexpr std::array<std::string_view, 4> kProjectorPrefixes = {"", "model.", "module.", "model.module."};
constexpr std::array<std::string_view, 4> kFields = {"weight", "bias", "running_mean", "running_var"};

template <size_t kCount>
bool IsOneOf(const std::array<std::string_view, kCount>& allowed, std::string_view text) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

// The last `count` parts of a dotted key, and what stands before them with its dot.
struct Tail {
  std::string before;
  std::vector<std::string> parts;
};

std::optional<Tail> CutTail(const std::string& key, size_t count) {
  const std::vector<std::string> parts = absl::StrSplit(key, '.');
  if (parts.size() < count) return std::nullopt;
  Tail tail;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i + count < parts.size()) {
      absl::StrAppend(&tail.before, parts[i], ".");
    } else {
      tail.parts.push_back(parts[i]);
    }
  }
  return tail;
}

// A number written as PyTorch writes it: no sign, no leading zero.
std::optional<int> Number(const std::string& text) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number) || absl::StrCat(number) != text) return std::nullopt;
  return number;
}

bool IsBlock(int number, const std::string& layer, const std::string& field) {
  return number >= 1 && number <= kSampleCnnBlocks && (layer == "0" || layer == "1") &&
         IsOneOf(kFields, field);
}

std::string BlockName(int number, const Tail& tail) {
  const size_t end = tail.parts.size();
  return absl::StrCat("conv", number, ".", tail.parts[end - 2], ".", tail.parts[end - 1]);
}

// conv{1..}.{0,1}.field
bool TakeConv(const std::string& key, SortedKeys& keys) {
  const auto tail = CutTail(key, 3);
  if (!tail || !absl::StartsWith(tail->parts[0], "conv") || !IsOneOf(kEncoderPrefixes, tail->before))
    return false;
  const auto number = Number(tail->parts[0].substr(4));
  if (!number || !IsBlock(*number, tail->parts[1], tail->parts[2])) return false;
  keys.encoders[tail->before + "conv"][BlockName(*number, *tail)] = key;
  return true;
}

// sequential.{0..}.{0,1}.field
bool TakeSequential(const std::string& key, SortedKeys& keys) {
  const auto tail = CutTail(key, 4);
  if (!tail || tail->parts[0] != "sequential" || !IsOneOf(kEncoderPrefixes, tail->before)) return false;
  const auto index = Number(tail->parts[1]);
  if (!index || !IsBlock(*index + 1, tail->parts[2], tail->parts[3])) return false;
  keys.encoders[tail->before + "sequential."][BlockName(*index + 1, *tail)] = key;
  return true;
}

// projector.N.field
bool TakeProjector(const std::string& key, SortedKeys& keys) {
  const auto tail = CutTail(key, 3);
  if (!tail || tail->parts[0] != "projector" || !IsOneOf(kProjectorPrefixes, tail->before)) return false;
  if (!Number(tail->parts[1]) || !IsOneOf(kFields, tail->parts[2])) return false;
  keys.projectors[tail->before + "projector."][absl::StrCat(tail->parts[1], ".", tail->parts[2])] = key;
  return true;
}

// CLMR's supervised layer `fc`, the notebook's `probe`, and the heads of CLMR's evaluation: model.weight,
// model.0.weight.
bool TakeHead(const std::string& key, SortedKeys& keys) {
  const auto tail = CutTail(key, 2);
  if (!tail || (tail->parts[1] != "weight" && tail->parts[1] != "bias")) return false;
  const std::string& layer = tail->parts[0];
  const bool fc = layer == "fc" && IsOneOf(kEncoderPrefixes, tail->before);
  const bool probe = layer == "probe" && tail->before.empty();
  const bool model =
      (layer == "model" && tail->before.empty()) || (tail->before == "model." && Number(layer));
  if (!fc && !probe && !model) return false;
  keys.heads.push_back(key);
  return true;
}

}  // namespace

SortedKeys SortKeys(const TensorMap& file) {
  SortedKeys keys;
  for (const auto& [key, tensor] : file) {
    if (absl::EndsWith(key, "num_batches_tracked")) continue;
    if (TakeConv(key, keys) || TakeSequential(key, keys) || TakeProjector(key, keys) || TakeHead(key, keys))
      continue;
    keys.unknown.push_back(key);
  }
  return keys;
}

std::string KeyOf(const std::string& copy, const std::string& name) {
  if (!absl::EndsWith(copy, "sequential.")) {
    return absl::EndsWith(copy, "conv") ? copy + name.substr(4) : copy + name;
  }
  const size_t dot = name.find('.');
  int number = 0;
  if (!absl::SimpleAtoi(name.substr(4, dot - 4), &number)) return copy + name;
  return absl::StrCat(copy, number - 1, name.substr(dot));
}

}  // namespace timbre::weights
