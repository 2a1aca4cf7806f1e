#include "core/weights/embedding_layer.h"
#include "core/weights/tag_head.h"
#include "core/weights/tensor_file.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

// Byte 0 and 1 of the input: the tags and dim that a tagger's file is asked for.
void ReadAsHead(const weights::TensorMap& tensors, int64_t tags, int64_t dim) {
  const auto head = weights::TagHeadFromTensors(tensors, tags, dim);
  if (!head.ok()) return;
  Require(head->tags() == tags && head->dim() == dim, "a head has the shape that was asked for");
  Require(
      static_cast<int64_t>(head->Score(std::vector<float>(static_cast<size_t>(dim), 0.5F)).size()) == tags,
      "a head scores each tag");
  Require(weights::TagHeadFromTensors(weights::TagHeadToTensors(*head), tags, dim).ok(),
          "a head's own tensors are a head");
}

}  // namespace

void FuzzSafetensors(Bytes bytes) {
  Input input(bytes);
  const int64_t tags = 1 + input.Below(64), dim = 1 + input.Below(64);
  const std::string file = input.Text(bytes.size());
  const auto tensors = weights::ParseTensors(file);
  if (!tensors.ok()) return;
  for (const auto& [name, tensor] : *tensors) {
    Require(tensor.size() == static_cast<int64_t>(tensor.values.size()), "a shape holds its values");
  }
  const auto written = weights::SerializeTensors(*tensors);
  Require(written.ok(), "what was read can be written");
  const auto again = weights::ParseTensors(*written);
  Require(again.ok(), "what was written can be read");
  Require(weights::DigestTensors(*again) == weights::DigestTensors(*tensors), "reading again gives the same");
  (void)weights::ProjectorDims(*tensors);
  (void)weights::LayerDim("projector.2", dim, *tensors);
  ReadAsHead(*tensors, tags, dim);
}

}  // namespace timbre::fuzz
