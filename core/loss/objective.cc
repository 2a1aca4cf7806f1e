#include "core/loss/objective.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/loss/nt_xent.h"

namespace timbre::loss {

double Objective::chance_loss(int64_t /*tracks*/) const { return std::numeric_limits<double>::quiet_NaN(); }

std::vector<std::string> KnownObjectives() { return {"nt_xent"}; }

absl::StatusOr<std::shared_ptr<Objective>> MakeObjective(const ObjectiveOptions& options) {
  if (options.name != "nt_xent") {
    return absl::InvalidArgumentError(absl::StrCat(
        "objective \"", options.name, "\" is unknown; known: ", absl::StrJoin(KnownObjectives(), ", ")));
  }
  if (!(options.temperature > 0) || !std::isfinite(options.temperature)) {
    return absl::InvalidArgumentError(
        absl::StrCat("temperature is ", options.temperature, "; it must be in (0, inf), usually 0.05 to 1"));
  }
  return std::make_shared<NtXent>(options.temperature);
}

}  // namespace timbre::loss
