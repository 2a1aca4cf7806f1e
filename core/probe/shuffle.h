#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/random.h"

namespace timbre::probe {

// Fisher-Yates, written out because std::shuffle differs between standard libraries.
template <typename T>
void Shuffle(std::vector<T>& items, base::Random& random) {
  for (size_t i = items.size(); i > 1; --i) {
    const auto j = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(i) - 1));
    std::swap(items[i - 1], items[j]);
  }
}

}  // namespace timbre::probe
