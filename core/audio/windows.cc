#include "core/audio/windows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace timbre::audio {
namespace {

absl::Status TooShort(int64_t total_samples) {
  return absl::InvalidArgumentError(
      absl::StrCat("the audio is too short: ", total_samples, " samples at ", kSampleRateHz, " Hz (",
                   static_cast<double>(total_samples) / kSampleRateHz, " s); at least ", kMinSamples,
                   " samples (0.1 s) are needed"));
}

}  // namespace

absl::StatusOr<std::vector<WindowSpan>> PlanWindows(int64_t total_samples) {
  if (total_samples < kMinSamples) return TooShort(total_samples);
  if (total_samples < kWindowSamples) return std::vector<WindowSpan>{{0, total_samples}};
  std::vector<WindowSpan> spans;
  spans.reserve(static_cast<size_t>((total_samples + kWindowSamples - 1) / kWindowSamples));
  for (int64_t end = kWindowSamples; end <= total_samples; end += kWindowSamples) {
    spans.push_back({end - kWindowSamples, kWindowSamples});
  }
  if (total_samples % kWindowSamples != 0) spans.push_back({total_samples - kWindowSamples, kWindowSamples});
  return spans;
}

void CopyWindow(std::span<const float> clip, const WindowSpan& span, std::span<float> out) {
  const auto source =
      clip.subspan(static_cast<size_t>(span.start_samples), static_cast<size_t>(span.length_samples));
  for (size_t filled = 0; filled < out.size();) {
    const size_t count = std::min(source.size(), out.size() - filled);
    std::transform(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(count),
                   out.begin() + static_cast<std::ptrdiff_t>(filled),
                   [](float x) { return std::clamp(x, -1.0F, 1.0F); });
    filled += count;
  }
}

void WindowStream::Push(std::span<const float> samples, std::vector<Window>& out) {
  while (!samples.empty()) {
    const int64_t missing = kWindowSamples - (total_samples_ - emitted_samples_);
    const auto piece = samples.first(std::min(samples.size(), static_cast<size_t>(missing)));
    samples = samples.subspan(piece.size());
    history_.insert(history_.end(), piece.begin(), piece.end());
    total_samples_ += static_cast<int64_t>(piece.size());
    if (total_samples_ - emitted_samples_ == kWindowSamples) EmitLast(out);
  }
}

absl::Status WindowStream::Finish(std::vector<Window>& out) {
  if (total_samples_ < kMinSamples) return TooShort(total_samples_);
  if (total_samples_ > emitted_samples_) EmitLast(out);
  return absl::OkStatus();
}

void WindowStream::EmitLast(std::vector<Window>& out) {
  const int64_t length = std::min(total_samples_, kWindowSamples);
  history_.erase(history_.begin(), history_.end() - static_cast<std::ptrdiff_t>(length));
  Window& window = out.emplace_back();
  window.span = {total_samples_ - length, length};
  window.samples.resize(static_cast<size_t>(kWindowSamples));
  CopyWindow(history_, {0, length}, window.samples);
  emitted_samples_ = total_samples_;
}

}  // namespace timbre::audio
