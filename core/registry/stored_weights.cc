// How ModelStore reads a version's weights back.
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/registry/model_files.h"
#include "core/registry/model_store.h"
#include "core/weights/embedding_layer.h"

namespace timbre::registry {

absl::StatusOr<weights::TensorMap> ModelStore::ReadEncoder(const std::string& model, int64_t version) const {
  TIMBRE_ASSIGN_OR_RETURN(const Version found, GetVersion(model, version));
  return ReadPublished(EncoderFile(Folder(model, version)), found.card.weights_digest);
}

absl::StatusOr<weights::TensorMap> ModelStore::ReadProjector(const std::string& model,
                                                             int64_t version) const {
  TIMBRE_ASSIGN_OR_RETURN(const Version found, GetVersion(model, version));
  const std::filesystem::path file = ProjectorFile(Folder(model, version));
  std::error_code error;
  // Versions of before the digest was kept may have a projector all the same.
  if (found.card.projector_digest.empty() && !std::filesystem::exists(file, error))
    return weights::TensorMap();
  return ReadPublished(file, found.card.projector_digest);
}

absl::StatusOr<VersionWeights> ModelStore::ReadWeights(const std::string& model, int64_t version,
                                                       const std::string& layer) const {
  VersionWeights result;
  TIMBRE_ASSIGN_OR_RETURN(const int64_t number, weights::ParseEmbeddingLayer(layer));
  TIMBRE_ASSIGN_OR_RETURN(result.encoder, ReadEncoder(model, version));
  if (number == 0) return result;
  TIMBRE_ASSIGN_OR_RETURN(result.projector, ReadProjector(model, version));
  TIMBRE_RETURN_IF_ERROR(weights::LayerDim(layer, 0, result.projector).status());
  return result;
}

absl::StatusOr<weights::TensorMap> ModelStore::ReadTaggerHead(const std::string& model, int64_t version,
                                                              const std::string& tagger) const {
  TIMBRE_ASSIGN_OR_RETURN(const Version found, GetVersion(model, version));
  std::vector<std::string> ids;
  for (const Tagger& known : found.taggers) {
    if (known.id == tagger) return ReadPublished(TaggerFile(Folder(model, version), tagger));
    ids.push_back(known.id);
  }
  return absl::NotFoundError(
      absl::StrCat("version ", version, " of model '", model, "' has no tagger '", tagger, "'; ",
                   ids.empty() ? "none is there" : absl::StrCat("there is ", absl::StrJoin(ids, ", "))));
}

}  // namespace timbre::registry
