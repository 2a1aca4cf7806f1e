#include "core/probe/log_mel.h"

#include <kiss_fftr.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace timbre::probe {
namespace {

constexpr double kFloor = 1e-10;

// Slaney's scale: linear up to 1 kHz, then logarithmic.
constexpr double kHzPerMel = 200.0 / 3;
constexpr double kBreakHz = 1000;
constexpr double kBreakMel = kBreakHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27;

double HzToMel(double hz) {
  return hz < kBreakHz ? hz / kHzPerMel : kBreakMel + std::log(hz / kBreakHz) / kLogStep;
}

double MelToHz(double mel) {
  return mel < kBreakMel ? mel * kHzPerMel : kBreakHz * std::exp(kLogStep * (mel - kBreakMel));
}

}  // namespace

struct LogMelStatistics::Transform {
  kiss_fftr_cfg plan = kiss_fftr_alloc(static_cast<int>(kFrameSamples), 0, nullptr, nullptr);
  ~Transform() { kiss_fftr_free(plan); }
};

LogMelStatistics::LogMelStatistics(int sample_rate_hz) : transform_(std::make_unique<Transform>()) {
  for (int64_t i = 0; i < kFrameSamples; ++i) {
    const double phase = 2 * std::numbers::pi * static_cast<double>(i) / kFrameSamples;
    window_.push_back(static_cast<float>(0.5 - 0.5 * std::cos(phase)));
  }
  const double top = HzToMel(sample_rate_hz / 2.0);
  const auto edge_hz = [top](int64_t edge) {
    return MelToHz(top * static_cast<double>(edge) / (kBands + 1));
  };
  for (int64_t band = 0; band < kBands; ++band) {
    const double low = edge_hz(band), centre = edge_hz(band + 1), high = edge_hz(band + 2);
    Band made;
    for (int64_t bin = 0; bin <= kFrameSamples / 2; ++bin) {
      const double hz = static_cast<double>(bin) * sample_rate_hz / kFrameSamples;
      const double weight = std::min((hz - low) / (centre - low), (high - hz) / (high - centre));
      if (weight <= 0) continue;
      if (made.weights.empty()) made.first_bin = static_cast<size_t>(bin);
      made.weights.push_back(weight * 2 / (high - low));
    }
    bands_.push_back(std::move(made));
  }
}

LogMelStatistics::~LogMelStatistics() = default;

std::vector<double> LogMelStatistics::FrameDb(std::span<const float> frame) const {
  std::vector<float> windowed(static_cast<size_t>(kFrameSamples), 0.0F);
  for (size_t i = 0; i < frame.size(); ++i) windowed[i] = frame[i] * window_[i];
  std::vector<kiss_fft_cpx> spectrum(static_cast<size_t>(kFrameSamples / 2 + 1));
  kiss_fftr(transform_->plan, windowed.data(), spectrum.data());
  std::vector<double> db;
  db.reserve(bands_.size());
  for (const Band& band : bands_) {
    double power = 0;
    for (size_t i = 0; i < band.weights.size(); ++i) {
      const kiss_fft_cpx& bin = spectrum[band.first_bin + i];
      power += band.weights[i] * (static_cast<double>(bin.r) * bin.r + static_cast<double>(bin.i) * bin.i);
    }
    db.push_back(10 * std::log10(std::max(power, kFloor)));
  }
  return db;
}

std::vector<float> LogMelStatistics::Compute(std::span<const float> samples) const {
  const size_t frame_size = std::min(samples.size(), static_cast<size_t>(kFrameSamples));
  std::vector<double> mean(bands_.size(), 0.0), squares(bands_.size(), 0.0);
  double frames = 0;
  for (size_t begin = 0; begin + frame_size <= samples.size(); begin += static_cast<size_t>(kHopSamples)) {
    ++frames;
    const std::vector<double> db = FrameDb(samples.subspan(begin, frame_size));
    for (size_t band = 0; band < db.size(); ++band) {  // Welford's update
      const double difference = db[band] - mean[band];
      mean[band] += difference / frames;
      squares[band] += difference * (db[band] - mean[band]);
    }
    if (frame_size < static_cast<size_t>(kFrameSamples)) break;
  }
  std::vector<float> statistics(mean.begin(), mean.end());
  for (const double sum : squares) statistics.push_back(static_cast<float>(std::sqrt(sum / frames)));
  return statistics;
}

}  // namespace timbre::probe
