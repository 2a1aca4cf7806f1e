#include "core/weights/served_form.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/weights/embedding_layer.h"
#include "core/weights/sample_cnn_layout.h"

namespace timbre::weights {
namespace {

constexpr char kLayerKey[] = "timbre.embedding_layer";
constexpr char kNormalizationKey[] = "timbre.normalization";
constexpr char kSpaceKey[] = "timbre.embedding_space_id";
constexpr char kServedNormalization[] = "none";  // the engines give embeddings as they are

absl::Status Wrong(const char* key, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("the file's metadata ", key, ": ", problem));
}

std::string SpaceOf(const Checkpoint& checkpoint, ModelCard card) {
  card.weights_digest = DigestTensors(checkpoint.encoder);
  if (!checkpoint.projector.empty()) card.projector_digest = DigestTensors(checkpoint.projector);
  return EmbeddingSpaceId(card);
}

}  // namespace

std::map<std::string, std::string> ServedFormToMetadata(const ModelCard& card) {
  return {{"format", "pt"},
          {kLayerKey, card.embedding_layer},
          {kNormalizationKey, card.normalization},
          {kSpaceKey, EmbeddingSpaceId(card)}};
}

absl::Status TakeServedForm(const std::map<std::string, std::string>& metadata, Checkpoint& checkpoint,
                            ModelCard& card) {
  if (const auto layer = metadata.find(kLayerKey); layer != metadata.end()) {
    const absl::StatusOr<int64_t> dim = LayerDim(layer->second, kSampleCnnDim, checkpoint.projector);
    if (!dim.ok()) return Wrong(kLayerKey, dim.status().message());
    card.embedding_layer = layer->second;
    card.embedding_dim = static_cast<int>(*dim);
    if (card.embedding_layer != kEncoderLayer)
      checkpoint.notes.push_back(
          absl::StrCat("the embedding is taken at ", card.embedding_layer, ", as the file says"));
  }
  if (const auto normalization = metadata.find(kNormalizationKey); normalization != metadata.end()) {
    if (normalization->second != kServedNormalization) {
      return Wrong(kNormalizationKey, absl::StrCat("is '", normalization->second, "'; allowed: ",
                                                   kServedNormalization, ". Normalise what is served"));
    }
    card.normalization = normalization->second;
  }
  if (const auto space = metadata.find(kSpaceKey); space != metadata.end()) {
    const std::string made = SpaceOf(checkpoint, card);
    if (made != space->second) {
      checkpoint.notes.push_back(absl::StrCat("the file was exported as the space ", space->second,
                                              " and makes the space ", made,
                                              ": its tensors were changed since"));
    }
  }
  return absl::OkStatus();
}

}  // namespace timbre::weights
