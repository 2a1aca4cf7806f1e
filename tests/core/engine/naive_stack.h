#pragma once

// The layers of the CPU engine written down as one would read them, in double, and a small stack to try.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/engine/folded_stack.h"
#include "tests/support/hashed_weights.h"

namespace timbre::engine {

inline FoldedLayer HashedLayer(const FoldedLayer& shape, const std::string& name) {
  FoldedLayer layer = shape;
  const double fan_in = static_cast<double>(layer.kernel * layer.in_channels);
  layer.weight =
      testing::HashedUniform(static_cast<size_t>(layer.kernel * layer.in_channels * layer.out_channels),
                             name + "/weight", std::sqrt(6 / fan_in));
  layer.bias = testing::HashedUniform(static_cast<size_t>(layer.out_channels), name + "/bias", 0.1);
  return layer;
}

// `channels` of the first layer, the pooled ones and the last; 3^(pooled layers + 1) samples a window.
inline FoldedStack HashedStack(const std::vector<int64_t>& channels) {
  FoldedStack stack;
  int64_t rows = 1;
  for (size_t i = 2; i < channels.size(); ++i) rows *= 3;
  stack.window_samples = 3 * rows;
  stack.first =
      HashedLayer({.in_channels = 1, .out_channels = channels[0], .kernel = 3, .rows_in = rows}, "first");
  for (size_t i = 1; i < channels.size(); ++i) {
    const bool last = i + 1 == channels.size();
    stack.layers.push_back(HashedLayer({.in_channels = channels[i - 1],
                                        .out_channels = channels[i],
                                        .kernel = last ? 1 : 3,
                                        .rows_in = rows,
                                        .pool = !last},
                                       "layer" + std::to_string(i)));
    if (!last) rows /= 3;
  }
  return stack;
}

// in [rows_in, in_channels] -> [rows_out, out_channels].
inline std::vector<double> NaiveLayer(const FoldedLayer& layer, const std::vector<double>& in) {
  const int64_t ci = layer.in_channels, co = layer.out_channels;
  std::vector<double> out(static_cast<size_t>(layer.rows_out() * co), 0.0);
  for (int64_t t = 0; t < layer.rows_in; ++t) {
    for (int64_t o = 0; o < co; ++o) {
      double sum = layer.bias[static_cast<size_t>(o)];
      for (int64_t k = 0; k < layer.kernel; ++k) {
        const int64_t row = t + k - layer.kernel / 2;
        if (row < 0 || row >= layer.rows_in) continue;
        for (int64_t i = 0; i < ci; ++i) {
          sum += in[static_cast<size_t>(row * ci + i)] *
                 double{layer.weight[static_cast<size_t>((k * ci + i) * co + o)]};
        }
      }
      double& cell = out[static_cast<size_t>((layer.pool ? t / 3 : t) * co + o)];
      cell = std::max(cell, sum);  // starts at 0: that is the relu
    }
  }
  return out;
}

inline std::vector<double> NaiveStack(const FoldedStack& stack, std::span<const float> window) {
  const FoldedLayer& first = stack.first;
  std::vector<double> rows(static_cast<size_t>(first.rows_in * first.out_channels));
  for (int64_t t = 0; t < first.rows_in; ++t) {
    for (int64_t o = 0; o < first.out_channels; ++o) {
      double sum = first.bias[static_cast<size_t>(o)];
      for (int64_t k = 0; k < 3; ++k) {
        sum += double{window[static_cast<size_t>(3 * t + k)]} *
               double{first.weight[static_cast<size_t>(k * first.out_channels + o)]};
      }
      rows[static_cast<size_t>(t * first.out_channels + o)] = std::max(sum, 0.0);
    }
  }
  for (const FoldedLayer& layer : stack.layers) rows = NaiveLayer(layer, rows);
  return rows;
}

template <typename A, typename B>
double RelativeError(const A& a, const B& reference) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    difference += std::pow(double{a[i]} - double{reference[i]}, 2);
    norm += std::pow(double{reference[i]}, 2);
  }
  return std::sqrt(difference / norm);
}

}  // namespace timbre::engine
