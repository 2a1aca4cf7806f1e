#include "core/model/fresh_weights.h"

#include "core/base/status_macros.h"
#include "core/model/encoder_module.h"
#include "core/model/projector.h"
#include "core/model/torch_guard.h"

namespace timbre::model {

absl::StatusOr<weights::TensorMap> FreshEncoder(const std::string& architecture, uint64_t seed) {
  TIMBRE_ASSIGN_OR_RETURN(const auto encoder, MakeEncoder({.architecture = architecture, .seed = seed}));
  return ExportTensors(*encoder);
}

absl::StatusOr<weights::TensorMap> FreshProjector(const weights::TensorMap& projector, uint64_t seed) {
  TIMBRE_ASSIGN_OR_RETURN(ProjectorOptions options, ProjectorOptionsOf(projector));
  options.seed = seed;
  weights::TensorMap tensors;
  TIMBRE_RETURN_IF_ERROR(TorchGuard("making a projector", [&] {
    tensors = ExportTensors(*Projector(options));
    return absl::OkStatus();
  }));
  return tensors;
}

}  // namespace timbre::model
