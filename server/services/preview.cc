#include "server/services/preview.h"

#include <span>
#include <vector>

#include "core/audio/resampler.h"
#include "core/audio/windows.h"
#include "core/augment/chain.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "server/convert/config_convert.h"
#include "server/convert/inference_convert.h"

namespace timbre::services {
namespace {

absl::StatusOr<audio::Waveform> Decode(const v1::Audio& proto, const audio::DecodeLimits& limits) {
  TIMBRE_ASSIGN_OR_RETURN(const embed::AudioInput input, convert::AudioFromProto(proto));
  if (const auto* encoded = std::get_if<embed::EncodedAudio>(&input)) {
    return audio::DecodeBytesTo22050(std::as_bytes(std::span(encoded->bytes)), limits);
  }
  const auto& pcm = std::get<embed::PcmAudio>(input);
  TIMBRE_ASSIGN_OR_RETURN(audio::Waveform mono,
                          audio::DecodePcm(std::as_bytes(std::span(pcm.bytes)), pcm.format, limits));
  return audio::ResampleTo22050(std::move(mono));
}

}  // namespace

absl::Status Preview(const v1::PreviewAugmentationRequest& request, const audio::DecodeLimits& limits,
                     const std::function<absl::Status(int64_t windows)>& charge,
                     v1::PreviewAugmentationResponse* response) {
  convert::FieldErrors errors;
  const augment::ChainConfig config =
      request.has_augmentation() ? convert::ChainFromProto(request.augmentation(), "augmentation", errors)
                                 : augment::TutorialChain();
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  TIMBRE_ASSIGN_OR_RETURN(const augment::Chain chain, augment::Chain::Create(config));
  TIMBRE_ASSIGN_OR_RETURN(const audio::Waveform clip, Decode(request.audio(), limits));
  const auto total = static_cast<int64_t>(clip.samples.size());
  TIMBRE_ASSIGN_OR_RETURN(const auto windows, audio::PlanWindows(total));  // refuses what is too short
  TIMBRE_RETURN_IF_ERROR(charge(static_cast<int64_t>(windows.size())));

  base::Random random({request.seed()});
  const int64_t last_start = std::max<int64_t>(0, total - audio::kWindowSamples);
  const int64_t start = random.UniformInt(0, last_start);
  std::vector<float> window(audio::kWindowSamples);
  audio::CopyWindow(clip.samples, {start, std::min(total, audio::kWindowSamples)}, window);
  for (const std::string& name : chain.Apply(window, random)) response->add_applied_effects(name);

  auto* pcm = response->mutable_window();
  pcm->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  pcm->mutable_format()->set_sample_rate_hz(audio::kSampleRateHz);
  pcm->mutable_format()->set_channel_count(1);
  pcm->set_samples(window.data(), window.size() * sizeof(float));
  response->set_start_seconds(static_cast<double>(start) / audio::kSampleRateHz);
  return absl::OkStatus();
}

}  // namespace timbre::services
