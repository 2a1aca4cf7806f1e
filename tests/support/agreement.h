#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace timbre::testing {

// How near embeddings [rows, dim] come to a reference: the largest ||a - b|| / ||b|| and the least cosine of
// a row.
struct Agreement {
  double worst_relative_error = 0;
  double least_cosine = 1;
};

inline Agreement CompareRows(const std::vector<float>& got, const std::vector<float>& reference, size_t dim) {
  Agreement agreement;
  for (size_t row = 0; row < got.size() / dim; ++row) {
    double difference = 0, dot = 0, a = 0, b = 0;
    for (size_t i = row * dim; i < (row + 1) * dim; ++i) {
      difference += std::pow(double{got[i]} - reference[i], 2);
      dot += double{got[i]} * reference[i];
      a += double{got[i]} * got[i];
      b += double{reference[i]} * reference[i];
    }
    agreement.worst_relative_error = std::max(agreement.worst_relative_error, std::sqrt(difference / b));
    agreement.least_cosine = std::min(agreement.least_cosine, dot / std::sqrt(a * b));
  }
  return agreement;
}

}  // namespace timbre::testing
