#include "core/loss/objective.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/loss/align_uniform.h"
#include "core/loss/barlow_twins.h"
#include "core/loss/byol.h"
#include "core/loss/dcl.h"
#include "core/loss/mse.h"
#include "core/loss/nt_xent.h"
#include "core/loss/poly_view.h"
#include "core/loss/simsiam.h"
#include "core/loss/vicreg.h"
#include "core/model/torch_guard.h"

namespace timbre::loss {
namespace {

using Made = std::shared_ptr<Objective>;

torch::Tensor FullPrecision(const torch::Tensor& values) {
  if (!values.defined() || values.scalar_type() == torch::kDouble) return values;
  return values.to(torch::kFloat);
}

struct Maker {
  const ObjectiveOptions& options;

  PredictorOptions Predictor(int64_t hidden_dim, bool hidden_bias) const {
    return {.dim = options.projection_dim,
            .hidden_dim = hidden_dim,
            .hidden_bias = hidden_bias,
            .seed = options.seed};
  }

  Made operator()(const NtXentConfig& c) const { return std::make_shared<NtXent>(c); }
  Made operator()(const DclConfig& c) const { return std::make_shared<Dcl>(c); }
  Made operator()(const DclwConfig& c) const { return std::make_shared<Dcl>(c); }
  Made operator()(const VicRegConfig& c) const { return std::make_shared<VicReg>(c); }
  Made operator()(const BarlowTwinsConfig& c) const {
    return std::make_shared<BarlowTwins>(c, options.projection_dim);
  }
  Made operator()(const ByolConfig& c) const {
    return std::make_shared<Byol>(c, Predictor(c.predictor_hidden_dim, /*hidden_bias=*/true));
  }
  Made operator()(const SimSiamConfig& c) const {
    return std::make_shared<SimSiam>(Predictor(c.predictor_hidden_dim, /*hidden_bias=*/false));
  }
  Made operator()(const AlignUniformConfig& c) const { return std::make_shared<AlignUniform>(c); }
  Made operator()(const PolyViewConfig& c) const { return std::make_shared<PolyView>(c); }
  Made operator()(const MseConfig&) const { return std::make_shared<Mse>(); }
};

}  // namespace

ObjectiveOutput Objective::Compute(const ObjectiveInput& input) {
  const torch::Tensor& views = input.views;
  const ViewRange range = view_range();
  TORCH_CHECK(views.dim() == 3 && views.size(0) >= range.min && views.size(0) <= range.max,
              "the objective takes ", range.min, " to ", range.max, " views [M, N, d], got ", views.sizes());
  TORCH_CHECK(views.size(1) >= 2, "the objective compares at least 2 clips, got ", views.sizes());
  if (wants_target()) {
    TORCH_CHECK(input.target.defined() && input.target.sizes() == views.sizes(),
                "the objective wants the target's projections, of the shape of the views ", views.sizes());
  }
  if (input.groups.defined()) {
    TORCH_CHECK(input.groups.dim() == 1 && input.groups.size(0) == views.size(1),
                "groups must name the track of each of ", views.size(1), " clips, got ",
                input.groups.sizes());
  }
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  return Loss({.views = FullPrecision(views), .target = FullPrecision(input.target), .groups = input.groups});
}

double Objective::chance_loss(int64_t /*tracks*/, int64_t /*views*/) const {
  return std::numeric_limits<double>::quiet_NaN();
}

absl::StatusOr<std::shared_ptr<Objective>> MakeObjective(const ObjectiveOptions& options) {
  TIMBRE_RETURN_IF_ERROR(CheckObjective(options.config));
  if (options.projection_dim < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("projection_dim is ", options.projection_dim, "; it must be at least 1"));
  }
  Made objective;
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("making an objective", [&] {
    objective = std::visit(Maker{options}, options.config);
    return absl::OkStatus();
  }));
  return objective;
}

}  // namespace timbre::loss
