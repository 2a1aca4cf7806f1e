#include "core/audio/resampler.h"

#include <soxr.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

class PassThrough final : public StreamResampler {
 public:
  absl::Status Push(std::span<const float> samples, std::vector<float>& out) override {
    out.insert(out.end(), samples.begin(), samples.end());
    return absl::OkStatus();
  }
  absl::Status Finish(std::vector<float>&) override { return absl::OkStatus(); }
};

// libsoxr gets blocks of one fixed size whatever the chunks were, so the cut cannot change a bit of the
// output.
class SoxrResampler final : public StreamResampler {
 public:
  SoxrResampler(soxr_t soxr, int input_rate_hz) : soxr_(soxr), input_rate_hz_(input_rate_hz) {
    block_.reserve(kBlockSamples);
  }
  ~SoxrResampler() override { soxr_delete(soxr_); }

  absl::Status Push(std::span<const float> samples, std::vector<float>& out) override {
    while (!samples.empty()) {
      const auto piece = samples.first(std::min(samples.size(), kBlockSamples - block_.size()));
      samples = samples.subspan(piece.size());
      block_.insert(block_.end(), piece.begin(), piece.end());
      if (block_.size() < kBlockSamples) break;
      TIMBRE_RETURN_IF_ERROR(ProcessBlock(out));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(std::vector<float>& out) override {
    if (!block_.empty()) TIMBRE_RETURN_IF_ERROR(ProcessBlock(out));
    TIMBRE_RETURN_IF_ERROR(Process({}, out));
    // libsoxr's own count may differ by one sample from the exact one.
    const auto expected =
        (input_samples_ * kSampleRateHz * 2 + input_rate_hz_) / (2 * int64_t{input_rate_hz_});
    out.resize(static_cast<size_t>(static_cast<int64_t>(out.size()) + expected - output_samples_), 0.0F);
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kBlockSamples = 4096;

  absl::Status ProcessBlock(std::vector<float>& out) {
    input_samples_ += static_cast<int64_t>(block_.size());
    absl::Status status = Process(block_, out);
    block_.clear();
    return status;
  }

  // An empty input ends the stream.
  absl::Status Process(std::span<const float> input, std::vector<float>& out) {
    float buffer[kBlockSamples];
    const bool ending = input.empty();
    while (true) {
      size_t consumed = 0;
      size_t produced = 0;
      const soxr_error_t error = soxr_process(soxr_, ending ? nullptr : input.data(), input.size(), &consumed,
                                              buffer, kBlockSamples, &produced);
      if (error != nullptr) return absl::InternalError(absl::StrCat("resampling failed: ", error));
      out.insert(out.end(), buffer, buffer + produced);
      output_samples_ += static_cast<int64_t>(produced);
      input = input.subspan(std::min(consumed, input.size()));
      if (produced < kBlockSamples && (ending || input.empty())) return absl::OkStatus();
    }
  }

  soxr_t soxr_;
  const int input_rate_hz_;
  std::vector<float> block_;
  int64_t input_samples_ = 0;
  int64_t output_samples_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StreamResampler>> StreamResampler::Create(int input_rate_hz) {
  if (input_rate_hz <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sample rate of ", input_rate_hz, " Hz is not positive"));
  }
  if (input_rate_hz == kSampleRateHz) return std::make_unique<PassThrough>();
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_io_spec_t samples = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
  soxr_error_t error = nullptr;
  soxr_t soxr = soxr_create(input_rate_hz, kSampleRateHz, 1, &error, &samples, &quality, &one_thread);
  if (error != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot resample from ", input_rate_hz, " Hz to ", kSampleRateHz, " Hz: ", error));
  }
  return std::make_unique<SoxrResampler>(soxr, input_rate_hz);
}

absl::StatusOr<Waveform> ResampleTo22050(Waveform input) {
  if (input.sample_rate_hz == kSampleRateHz) return input;
  TIMBRE_ASSIGN_OR_RETURN(const auto resampler, StreamResampler::Create(input.sample_rate_hz));
  Waveform output{.samples = {}, .sample_rate_hz = kSampleRateHz};
  const double ratio = static_cast<double>(kSampleRateHz) / input.sample_rate_hz;
  output.samples.reserve(static_cast<size_t>(static_cast<double>(input.samples.size()) * ratio) + 1);
  TIMBRE_RETURN_IF_ERROR(resampler->Push(input.samples, output.samples));
  TIMBRE_RETURN_IF_ERROR(resampler->Finish(output.samples));
  return output;
}

}  // namespace timbre::audio
