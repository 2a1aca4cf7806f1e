#pragma once

// SampleCNN in training, written down as one would read it: direct convolution, BatchNorm by the batch's
// statistics, max pool (the first of equal frames), relu, dropout, and their derivatives, in double.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/train_engine/train_engine.h"
#include "tests/support/hashed_weights.h"

namespace timbre::train_engine {

using Doubles = std::vector<double>;

struct ReferenceBlock {
  Doubles weight, bias, gamma, beta, running_mean, running_var;
};

inline NetworkShape ShapeOfChannels(const std::vector<int64_t>& channels) {
  std::vector<std::array<int64_t, 3>> weights;
  for (size_t i = 0; i < channels.size(); ++i) {
    weights.push_back({channels[i], i == 0 ? 1 : channels[i - 1], i + 1 == channels.size() ? 1 : 3});
  }
  return ShapeOf(weights).value();
}

inline std::vector<ReferenceBlock> HashedBlocks(const NetworkShape& shape) {
  std::vector<ReferenceBlock> blocks;
  for (const BlockShape& block : shape.blocks) {
    const std::string name = "block" + std::to_string(blocks.size());
    const auto draw = [&](const char* what, int64_t size, double scale, double offset) {
      const auto values = testing::HashedUniform(static_cast<size_t>(size), name + what, scale, offset);
      return Doubles(values.begin(), values.end());
    };
    const int64_t out = block.out_channels;
    const double bound = 1.5 / std::sqrt(static_cast<double>(block.in_channels * block.kernel));
    blocks.push_back({.weight = draw("weight", block.weight_size(), bound, 0),
                      .bias = draw("bias", out, bound, 0),
                      .gamma = draw("gamma", out, 1, 0.5),  // some are negative
                      .beta = draw("beta", out, 0.3, 0.1),
                      .running_mean = draw("mean", out, 0.1, 0),
                      .running_var = draw("var", out, 0.5, 1)});
  }
  return blocks;
}

class Reference {
 public:
  Reference(const NetworkShape& shape, std::vector<ReferenceBlock> tensors)
      : blocks(std::move(tensors)), shape_(shape), layers_(shape.blocks.size()) {}

  // windows [count, window_samples], masks as Batch has them (empty: none) -> [count, embedding_dim].
  Doubles Forward(const Doubles& windows, int64_t count, const std::vector<Doubles>& masks) {
    count_ = count;
    masks_ = masks;
    Doubles x = windows;
    for (size_t i = 0; i < layers_.size(); ++i) x = ForwardBlock(i, x);
    return x;
  }

  // Gradients of weight, bias, gamma, beta of each block.
  std::vector<ReferenceBlock> Backward(const Doubles& gradient) {
    std::vector<ReferenceBlock> gradients(layers_.size());
    Doubles d = gradient;
    for (size_t i = layers_.size(); i-- > 0;) d = BackwardBlock(i, d, gradients[i]);
    return gradients;
  }

  std::vector<ReferenceBlock> blocks;

 private:
  struct Layer {
    Doubles in, y;  // [count][rows, in], [count][frames, out]
    Doubles mean, inverse_std;
    std::vector<size_t> kept;  // for each output: the index in y
  };

  // Calls f(index in y, index in x, index in weight) for each product of the convolution.
  template <typename F>
  void Convolve(size_t i, const F& f) const {
    const BlockShape& s = shape_.blocks[i];
    const bool first = i == 0;
    const int64_t rows_in = first ? 3 * s.frames : s.frames;
    for (int64_t n = 0; n < count_; ++n) {
      for (int64_t t = 0; t < s.frames; ++t) {
        for (int64_t k = 0; k < s.kernel; ++k) {
          const int64_t row = first ? 3 * t + k : t + k - s.kernel / 2;
          if (row < 0 || row >= rows_in) continue;
          for (int64_t o = 0; o < s.out_channels; ++o) {
            for (int64_t c = 0; c < s.in_channels; ++c) {
              f(static_cast<size_t>((n * s.frames + t) * s.out_channels + o),
                static_cast<size_t>((n * rows_in + row) * s.in_channels + c),
                static_cast<size_t>((o * s.in_channels + c) * s.kernel + k));
            }
          }
        }
      }
    }
  }

  Doubles ForwardBlock(size_t i, const Doubles& x) {
    const BlockShape& s = shape_.blocks[i];
    ReferenceBlock& p = blocks[i];
    Layer& l = layers_[i];
    const auto channels = static_cast<size_t>(s.out_channels);
    l.in = x;
    l.y.resize(static_cast<size_t>(count_ * s.frames) * channels);
    for (size_t j = 0; j < l.y.size(); ++j) l.y[j] = p.bias[j % channels];
    Convolve(i, [&](size_t y, size_t in, size_t w) { l.y[y] += x[in] * p.weight[w]; });

    const double m = static_cast<double>(count_ * s.frames);
    l.mean.assign(channels, 0);
    Doubles variance(channels);
    for (size_t j = 0; j < l.y.size(); ++j) l.mean[j % channels] += l.y[j] / m;
    for (size_t j = 0; j < l.y.size(); ++j)
      variance[j % channels] += std::pow(l.y[j] - l.mean[j % channels], 2) / m;
    l.inverse_std.resize(channels);
    for (size_t c = 0; c < channels; ++c) {
      l.inverse_std[c] = 1 / std::sqrt(variance[c] + 1e-5);
      p.running_mean[c] = 0.9 * p.running_mean[c] + 0.1 * l.mean[c];
      p.running_var[c] = 0.9 * p.running_var[c] + 0.1 * variance[c] * m / (m - 1);
    }

    const size_t pool = s.pool ? 3 : 1, rows = l.y.size() / channels / pool;
    Doubles out(rows * channels);
    l.kept.resize(out.size());
    for (size_t j = 0; j < out.size(); ++j) {
      const size_t c = j % channels, y = j / channels * pool * channels + c;
      l.kept[j] = y;
      for (size_t k = 1; k < pool; ++k) {
        if (Normal(i, y + k * channels) > Normal(i, l.kept[j])) l.kept[j] = y + k * channels;
      }
      out[j] = std::max(Normal(i, l.kept[j]), 0.0) * Mask(i, j);
    }
    return out;
  }

  Doubles BackwardBlock(size_t i, const Doubles& d, ReferenceBlock& g) const {
    const Layer& l = layers_[i];
    const ReferenceBlock& p = blocks[i];
    const size_t channels = p.gamma.size();
    Doubles normal(l.y.size());  // gradient at BatchNorm's output
    for (size_t j = 0; j < d.size(); ++j) {
      if (Normal(i, l.kept[j]) > 0) normal[l.kept[j]] += d[j] * Mask(i, j);
    }
    g.weight.resize(p.weight.size());
    g.bias.resize(channels);
    g.gamma.resize(channels);
    g.beta.resize(channels);
    for (size_t j = 0; j < normal.size(); ++j) {
      g.beta[j % channels] += normal[j];
      g.gamma[j % channels] += normal[j] * Hat(i, j);
    }
    const double m = static_cast<double>(normal.size() / channels);
    Doubles dy(normal.size());
    for (size_t j = 0; j < normal.size(); ++j) {
      const size_t c = j % channels;
      dy[j] = p.gamma[c] * l.inverse_std[c] * (normal[j] - g.beta[c] / m - Hat(i, j) * g.gamma[c] / m);
      g.bias[c] += dy[j];
    }
    Doubles dx(l.in.size());
    Convolve(i, [&](size_t y, size_t in, size_t w) {
      g.weight[w] += dy[y] * l.in[in];
      dx[in] += dy[y] * p.weight[w];
    });
    return dx;
  }

  double Hat(size_t i, size_t y) const {
    const size_t c = y % blocks[i].gamma.size();
    return (layers_[i].y[y] - layers_[i].mean[c]) * layers_[i].inverse_std[c];
  }
  double Normal(size_t i, size_t y) const {
    const size_t c = y % blocks[i].gamma.size();
    return blocks[i].gamma[c] * Hat(i, y) + blocks[i].beta[c];
  }
  double Mask(size_t i, size_t j) const { return masks_.empty() || masks_[i].empty() ? 1 : masks_[i][j]; }

  const NetworkShape shape_;
  std::vector<Layer> layers_;
  int64_t count_ = 0;
  std::vector<Doubles> masks_;
};

}  // namespace timbre::train_engine
