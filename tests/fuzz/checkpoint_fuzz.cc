#include <limits>
#include <map>
#include <utility>

#include "core/weights/checkpoint.h"
#include "core/weights/checkpoint_keys.h"
#include "core/weights/sample_cnn_layout.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

using weights::TensorMap;

// A good checkpoint in each naming; zeros make good weights here.
TensorMap MakeGood(weights::KeyNaming naming, bool projector) {
  TensorMap encoder, head;
  for (const auto& [name, shape] : weights::SampleCnnShapes()) {
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    encoder[name] = {shape, std::vector<float>(static_cast<size_t>(size))};
  }
  if (projector) {
    head["0.weight"] = {{2, 512}, std::vector<float>(1024)};
    head["2.weight"] = {{3, 2}, std::vector<float>(6)};
  }
  return weights::NameTensors(encoder, head, naming);
}

// The same, made once: a copy is dear enough.
const TensorMap& Good(uint32_t naming, uint32_t projector) {
  constexpr weights::KeyNaming kNamings[] = {weights::KeyNaming::kTimbre, weights::KeyNaming::kNotebook,
                                             weights::KeyNaming::kClmr};
  static std::map<std::pair<uint32_t, uint32_t>, TensorMap> made;
  const auto [place, is_new] = made.try_emplace({naming, projector});
  if (is_new) place->second = MakeGood(kNamings[naming], projector != 0);
  return place->second;
}

// One tensor is renamed, dropped, reshaped, doubled or spoilt.
void Damage(Input& input, TensorMap& file) {
  if (file.empty()) return;
  auto place = file.begin();
  std::advance(place, input.Below(static_cast<uint32_t>(std::min<size_t>(file.size(), 256))));
  const std::string key = place->first;
  weights::Tensor tensor = place->second;
  switch (input.Below(6)) {
    case 0:
      file.erase(place);
      break;
    case 1:
      file[input.Text(input.Below(24)) + key] = tensor;
      break;
    case 2:
      file[key + input.Text(input.Below(24))] = {{1}, {0}};
      break;
    case 3:
      place->second = {{static_cast<int64_t>(tensor.values.size())}, tensor.values};
      break;
    case 4:
      if (!tensor.values.empty()) place->second.values.back() = std::numeric_limits<float>::quiet_NaN();
      break;
    default:
      file[input.Text(input.Below(64))] = {{}, {0}};
  }
}

// All keys led by the same words, as Lightning and DataParallel do it.
TensorMap Prefixed(TensorMap file, const std::string& prefix) {
  TensorMap out;
  while (!file.empty()) {
    auto node = file.extract(file.begin());
    node.key() = prefix + node.key();
    out.insert(std::move(node));
  }
  return out;
}

// Tiny tensors under keys of the input: separated by newlines.
TensorMap KeysOnly(const std::string& text) {
  TensorMap file;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    file[text.substr(begin, end - begin)] = {{1}, {0}};
    begin = end + 1;
  }
  return file;
}

TensorMap MakeFile(Input& input) {
  if (input.Byte() % 32 != 0) return KeysOnly(input.Text(4096));
  const uint32_t naming = input.Below(3);
  TensorMap file = Good(naming, input.Below(2));
  if (input.Below(2) == 0) file = Prefixed(std::move(file), input.Text(input.Below(24)));
  for (uint32_t rounds = input.Below(4); rounds > 0; --rounds) Damage(input, file);
  return file;
}

}  // namespace

void FuzzCheckpoint(Bytes bytes) {
  Input input(bytes);
  TensorMap file = MakeFile(input);
  const weights::SortedKeys sorted = weights::SortKeys(file);
  size_t sorted_keys = sorted.heads.size() + sorted.unknown.size();
  for (const weights::Copies* copies : {&sorted.encoders, &sorted.projectors}) {
    for (const auto& [prefix, names] : *copies) sorted_keys += names.size();
  }
  Require(sorted_keys <= file.size(), "no key is sorted twice");
  const auto checkpoint = weights::ReadCheckpoint(std::move(file));
  if (!checkpoint.ok()) {
    Require(!checkpoint.status().message().empty(), "an error says why");
    return;
  }
  Require(checkpoint->encoder.size() == weights::SampleCnnShapes().size(), "an encoder is whole");
  for (const auto& [name, shape] : weights::SampleCnnShapes()) {
    Require(checkpoint->encoder.at(name).shape == shape, "each tensor has its shape");
  }
}

}  // namespace timbre::fuzz
