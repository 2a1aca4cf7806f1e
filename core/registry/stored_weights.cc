// How ModelStore reads a version's weights back.
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/registry/model_files.h"
#include "core/registry/model_store.h"

namespace timbre::registry {

absl::StatusOr<weights::TensorMap> ModelStore::ReadEncoder(const std::string& model, int64_t version) const {
  TIMBRE_ASSIGN_OR_RETURN(const Version found, GetVersion(model, version));
  TIMBRE_ASSIGN_OR_RETURN(weights::TensorMap tensors, ReadPublished(EncoderFile(Folder(model, version))));
  if (weights::DigestTensors(tensors) != found.card.weights_digest) {
    return absl::DataLossError(absl::StrCat("the weights of version ", version, " of model '", model,
                                            "' are not those that were published; restore the file"));
  }
  return tensors;
}

absl::StatusOr<weights::TensorMap> ModelStore::ReadProjector(const std::string& model,
                                                             int64_t version) const {
  TIMBRE_RETURN_IF_ERROR(GetVersion(model, version).status());
  const std::filesystem::path file = ProjectorFile(Folder(model, version));
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return weights::TensorMap();
  return ReadPublished(file);
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
                   ids.empty() ? "there is none" : absl::StrCat("there is ", absl::StrJoin(ids, ", "))));
}

}  // namespace timbre::registry
