#include "core/augment/fir.h"

#include <kiss_fftr.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numbers>

#include "core/audio/windows.h"

namespace timbre::augment {
namespace {

constexpr double kZeroCrossings = 8;

// Above this many taps the FFT is faster.
constexpr size_t kMaxDirectTaps = 64;

// [half + window + half]: the window between repetitions of its end samples.
std::vector<float> Padded(std::span<const float> window, size_t half) {
  std::vector<float> padded;
  padded.reserve(window.size() + 2 * half);
  padded.insert(padded.end(), half, window.front());
  padded.insert(padded.end(), window.begin(), window.end());
  padded.insert(padded.end(), half, window.back());
  return padded;
}

void ConvolveDirectly(std::span<const float> padded, std::span<const float> taps, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  // Blocks that stay in the first cache; the inner loop runs along the samples, so that it vectorises.
  constexpr size_t kBlock = 1024;
  for (size_t begin = 0; begin < out.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, out.size() - begin);
    float* y = out.data() + begin;
    for (size_t k = 0; k < taps.size(); ++k) {
      const float tap = taps[k];
      const float* x = padded.data() + begin + k;
      for (size_t i = 0; i < count; ++i) y[i] += tap * x[i];
    }
  }
}

struct FreeFft {
  void operator()(kiss_fftr_cfg config) const { kiss_fftr_free(config); }
};
using Fft = std::unique_ptr<std::remove_pointer_t<kiss_fftr_cfg>, FreeFft>;

// KissFFT's plans hold scratch memory, so each call makes its own: 0.1 ms, and no sharing between threads.
class OverlapSave {
 public:
  explicit OverlapSave(std::span<const float> taps)
      : taps_(taps.size()),
        size_(FftSize(taps.size())),
        forward_(kiss_fftr_alloc(static_cast<int>(size_), 0, nullptr, nullptr)),
        inverse_(kiss_fftr_alloc(static_cast<int>(size_), 1, nullptr, nullptr)),
        time_(size_, 0.0F),
        response_(size_ / 2 + 1),
        spectrum_(size_ / 2 + 1) {
    std::copy(taps.begin(), taps.end(), time_.begin());
    kiss_fftr(forward_.get(), time_.data(), response_.data());
    for (kiss_fft_cpx& bin : response_) {
      bin.r /= static_cast<float>(size_);
      bin.i /= static_cast<float>(size_);
    }
  }

  // out[i] = sum over k of taps[k] * padded[i + taps - 1 - k].
  void Run(std::span<const float> padded, std::span<float> out) {
    const size_t step = size_ - taps_ + 1;
    for (size_t begin = 0; begin < out.size(); begin += step) {
      const auto piece = padded.subspan(begin, std::min(size_, padded.size() - begin));
      std::copy(piece.begin(), piece.end(), time_.begin());
      std::fill(time_.begin() + static_cast<std::ptrdiff_t>(piece.size()), time_.end(), 0.0F);
      kiss_fftr(forward_.get(), time_.data(), spectrum_.data());
      Multiply();
      kiss_fftri(inverse_.get(), spectrum_.data(), time_.data());
      const size_t count = std::min(step, out.size() - begin);
      std::copy_n(time_.begin() + static_cast<std::ptrdiff_t>(taps_ - 1), count,
                  out.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }

 private:
  // A power of two, about four times the taps.
  static size_t FftSize(size_t taps) {
    size_t size = 512;
    while (size < 4 * taps) size *= 2;
    return size;
  }

  void Multiply() {
    for (size_t i = 0; i < spectrum_.size(); ++i) {
      const kiss_fft_cpx a = spectrum_[i];
      const kiss_fft_cpx b = response_[i];
      spectrum_[i] = {a.r * b.r - a.i * b.i, a.r * b.i + a.i * b.r};
    }
  }

  size_t taps_;
  size_t size_;
  Fft forward_;
  Fft inverse_;
  std::vector<float> time_;
  std::vector<kiss_fft_cpx> response_;
  std::vector<kiss_fft_cpx> spectrum_;
};

}  // namespace

std::vector<float> LowPassTaps(double cutoff_hz) {
  const double cutoff = cutoff_hz / audio::kSampleRateHz;
  const auto half = static_cast<int64_t>(kZeroCrossings / cutoff / 2);
  std::vector<double> taps;
  double sum = 0;
  for (int64_t n = -half; n <= half; ++n) {
    const double position = static_cast<double>(n + half) / static_cast<double>(2 * half);
    const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * position);
    const double angle = 2 * cutoff * std::numbers::pi * static_cast<double>(n);
    const double sinc = n == 0 ? 1 : std::sin(angle) / angle;
    taps.push_back(2 * cutoff * hann * sinc);
    sum += taps.back();
  }
  std::vector<float> normalised(taps.size());
  std::transform(taps.begin(), taps.end(), normalised.begin(),
                 [sum](double tap) { return static_cast<float>(tap / sum); });
  return normalised;
}

void ConvolveCentred(std::span<float> window, std::span<const float> taps) {
  if (window.empty()) return;
  const std::vector<float> padded = Padded(window, taps.size() / 2);
  if (taps.size() <= kMaxDirectTaps) {
    ConvolveDirectly(padded, taps, window);
  } else {
    OverlapSave(taps).Run(padded, window);
  }
}

}  // namespace timbre::augment
