#include "core/augment/chain.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace timbre::augment {

absl::StatusOr<Chain> Chain::Create(const ChainConfig& config) {
  Chain chain;
  for (const EffectConfig& link : config) {
    const std::string place =
        absl::StrCat("augmentation ", chain.links_.size() + 1, " of ", config.size(), ": ");
    absl::StatusOr<std::unique_ptr<Effect>> effect = MakeEffect(link.parameters);
    if (!effect.ok()) {
      return absl::Status(effect.status().code(), absl::StrCat(place, effect.status().message()));
    }
    if (!(link.probability >= 0 && link.probability <= 1)) {
      return absl::InvalidArgumentError(absl::StrCat(place, std::string((*effect)->name()),
                                                     " has probability ", link.probability,
                                                     "; 0 to 1 is allowed"));
    }
    chain.links_.push_back({*std::move(effect), link.probability});
  }
  return chain;
}

std::vector<std::string> Chain::Apply(std::span<float> window, base::Random& random) const {
  std::vector<std::string> applied;
  for (const Link& link : links_) {
    if (!random.Bernoulli(link.probability)) continue;
    link.effect->Apply(window, random);
    applied.emplace_back(link.effect->name());
  }
  return applied;
}

}  // namespace timbre::augment
