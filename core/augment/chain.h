#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/augment/effect.h"

namespace timbre::augment {

// Effects in order, each applied with its probability.
// Threads: safe (const after Create).
class Chain {
 public:
  // Errors: kInvalidArgument a probability outside [0, 1], or as MakeEffect; the message names the link.
  static absl::StatusOr<Chain> Create(const ChainConfig& config);

  // Changes `window` in place; all randomness comes from `random`. Returns the names of what was applied.
  std::vector<std::string> Apply(std::span<float> window, base::Random& random) const;

  bool empty() const { return links_.empty(); }

 private:
  struct Link {
    std::unique_ptr<Effect> effect;
    double probability;
  };
  std::vector<Link> links_;
};

}  // namespace timbre::augment
