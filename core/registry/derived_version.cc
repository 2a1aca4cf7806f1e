// How ModelStore makes a version that serves another layer of an earlier one.
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/registry/model_store.h"
#include "core/weights/embedding_layer.h"

namespace timbre::registry {
namespace {

bool SameWeights(const weights::ModelCard& a, const weights::ModelCard& b) {
  return a.weights_digest == b.weights_digest && a.projector_digest == b.projector_digest;
}

absl::StatusOr<int64_t> EncoderDim(const weights::ModelCard& card, const weights::TensorMap& projector) {
  if (card.embedding_layer == weights::kEncoderLayer) return card.embedding_dim;
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, weights::ProjectorDims(projector));
  return dims.front();
}

}  // namespace

absl::StatusOr<Version> ModelStore::Derive(const std::string& model, int64_t version,
                                           const std::string& layer) {
  TIMBRE_ASSIGN_OR_RETURN(const Version source, GetVersion(model, version));
  if (source.card.embedding_layer == layer) {
    return absl::InvalidArgumentError(absl::StrCat("version ", version, " of model '", model, "' serves ",
                                                   layer, " already; name another layer"));
  }
  NewVersion derived;
  derived.model = model;
  derived.card = source.card;
  TIMBRE_ASSIGN_OR_RETURN(derived.encoder, ReadEncoder(model, version));
  TIMBRE_ASSIGN_OR_RETURN(derived.projector, ReadProjector(model, version));
  derived.card.embedding_layer = layer;
  TIMBRE_ASSIGN_OR_RETURN(const int64_t encoder_dim, EncoderDim(source.card, derived.projector));
  TIMBRE_ASSIGN_OR_RETURN(const int64_t dim, weights::LayerDim(layer, encoder_dim, derived.projector));
  derived.card.embedding_dim = static_cast<int>(dim);
  derived.card.derived_from = absl::StrCat("models/", model, "/versions/", version);
  derived.card.job.clear();  // the job made the source
  derived.card.create_time = {};

  base::MutexLock lock(derive_mutex_);
  TIMBRE_ASSIGN_OR_RETURN(const Model known, GetModel(model));
  for (const Version& earlier : known.versions) {
    if (earlier.card.embedding_layer == layer && SameWeights(earlier.card, source.card)) return earlier;
  }
  return Publish(derived);
}

}  // namespace timbre::registry
