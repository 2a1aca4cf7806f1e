#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/probe/labeled_embeddings.h"

namespace timbre::probe {

struct Recipe {
  int64_t count = 0;
  int64_t dim = 8;
  int64_t clips_per_track = 2;
  double spread = 1;  // of the embeddings around `offset`
  double offset = 0;
  uint64_t seed = 0;
};

// Tag t is on where dimension t is above its centre, but for a little noise.
inline LabeledEmbeddings Make(const Recipe& recipe, size_t tags) {
  base::Random random({recipe.seed});
  LabeledEmbeddings set;
  set.count = recipe.count;
  set.dim = recipe.dim;
  for (int64_t i = 0; i < recipe.count; ++i) {
    std::vector<double> x(static_cast<size_t>(recipe.dim));
    for (double& value : x) value = random.Normal();
    for (const double value : x) {
      set.embeddings.push_back(static_cast<float>(recipe.offset + recipe.spread * value));
    }
    for (size_t t = 0; t < tags; ++t) set.labels.push_back(x[t] + 0.3 * random.Normal() > 0.5);
    set.track_ids.push_back(absl::StrCat("track", i / recipe.clips_per_track));
  }
  return set;
}

}  // namespace timbre::probe
