#include "core/weights/embedding_layer.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace timbre::weights {

absl::StatusOr<int64_t> ParseEmbeddingLayer(const std::string& layer) {
  if (layer == kEncoderLayer) return 0;
  absl::string_view number = layer;
  int64_t parsed = 0;
  if (absl::ConsumePrefix(&number, "projector.") && absl::SimpleAtoi(number, &parsed) && parsed >= 1 &&
      absl::StrCat("projector.", parsed) == layer) {
    return parsed;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", layer, "\" is no embedding layer; choose encoder, projector.1, projector.2, ..."));
}

absl::StatusOr<std::vector<int64_t>> ProjectorDims(const TensorMap& projector) {
  std::map<int64_t, const Tensor*> linears;
  for (const auto& [name, tensor] : projector) {
    absl::string_view place = name;
    int64_t number = 0;
    if (absl::ConsumeSuffix(&place, ".weight") && absl::SimpleAtoi(place, &number) &&
        tensor.shape.size() == 2) {
      linears[number] = &tensor;
    }
  }
  std::vector<int64_t> dims;
  for (const auto& [place, tensor] : linears) {
    if (dims.empty()) dims.push_back(tensor->shape[1]);
    if (tensor->shape[1] != dims.back()) {
      return absl::InvalidArgumentError(absl::StrCat("projector: ", place, ".weight takes ", tensor->shape[1],
                                                     " numbers, the layer before gives ", dims.back()));
    }
    dims.push_back(tensor->shape[0]);
  }
  if (dims.empty()) return absl::InvalidArgumentError("projector: there is no tensor like \"0.weight\"");
  return dims;
}

absl::StatusOr<int64_t> LayerDim(const std::string& layer, int64_t encoder_dim, const TensorMap& projector) {
  TIMBRE_ASSIGN_OR_RETURN(const int64_t number, ParseEmbeddingLayer(layer));
  if (number == 0) return encoder_dim;
  if (projector.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("embedding layer ", layer, " needs a projector, and this model has none; choose encoder"));
  }
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, ProjectorDims(projector));
  if (number < static_cast<int64_t>(dims.size())) return dims[static_cast<size_t>(number)];
  return absl::InvalidArgumentError(
      absl::StrCat("there is no embedding layer ", layer, ": the projector has ", dims.size() - 1, " layers"));
}

}  // namespace timbre::weights
