#include <cstring>
#include <optional>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/presets.h"
#include "client/cli/textproto.h"
#include "client/cli/training_options.h"
#include "client/cli/wav.h"
#include "client/datasets.h"
#include "client/folder.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string in;
  std::string out;
  std::string preset;
  std::string config_path;
  uint64_t seed = 0;
};

// nullopt: the server's default, the tutorial's.
absl::StatusOr<std::optional<v1::AugmentationChain>> ChosenChain(const Options& options) {
  if (!options.preset.empty()) {
    auto config = MakeTrainingConfig({.preset = options.preset});
    if (!config.ok()) return config.status();
    return config->augmentation();
  }
  if (options.config_path.empty()) return std::nullopt;
  auto text = client::ReadFile(options.config_path);
  if (!text.ok()) return text.status();
  v1::AugmentationChain chain;
  const absl::Status parsed =
      ParseTextproto(*text, options.config_path,
                     "an AugmentationChain is wanted, such as: effects { probability: 0.8 gain {} }; see "
                     "augmentation.proto",
                     chain);
  if (!parsed.ok()) return parsed;
  return chain;
}

absl::StatusOr<std::vector<float>> Samples(const v1::PcmAudio& pcm) {
  const std::string& bytes = pcm.samples();
  if (pcm.format().sample_format() != v1::SAMPLE_FORMAT_FLOAT32 || pcm.format().channel_count() != 1 ||
      bytes.size() % sizeof(float) != 0) {
    return absl::InternalError(
        "the server's answer is not mono 32-bit float audio; is it of another version?");
  }
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), bytes.size());
  return samples;
}

std::string Text(const Options& options, const v1::PreviewAugmentationResponse& response, size_t samples) {
  const auto& applied = response.applied_effects();
  const double seconds = static_cast<double>(samples) / response.window().format().sample_rate_hz();
  return absl::StrFormat("%s: %.3f s from %.3f s on, %s\n", options.out, seconds, response.start_seconds(),
                         applied.empty() ? "unchanged" : absl::StrJoin(applied, ", "));
}

absl::StatusOr<ExitCode> Run(const Session& session, const Options& options) {
  auto chain = ChosenChain(options);
  if (!chain.ok()) return chain.status();
  auto bytes = client::ReadFile(options.in);
  if (!bytes.ok()) return bytes.status();
  v1::PreviewAugmentationRequest request;
  *request.mutable_audio()->mutable_encoded() = *std::move(bytes);
  if (*chain) *request.mutable_augmentation() = **std::move(chain);
  request.set_seed(options.seed);
  auto response = client::PreviewAugmentation(session.Connect(), request);
  if (!response.ok()) return response.status();
  auto samples = Samples(response->window());
  if (!samples.ok()) return samples.status();
  const absl::Status written = WriteWav(options.out, *samples, response->window().format().sample_rate_hz());
  if (!written.ok()) return written;
  response->mutable_window()->clear_samples();  // they are in the file
  session.console.out << (session.json ? ToJson(*response) : Text(options, *response, samples->size()));
  return ExitCode::kOk;
}

}  // namespace

void AddAugmentCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("augment", "Write what a model hears of a clip: one window, cropped and augmented");
  command->add_option("in", options->in, "audio: WAV, FLAC, Ogg, Opus, MP3, AIFF, CAF, AU")->required();
  command->add_option("out", options->out, "the WAV file to write: mono 32-bit floats at 22,050 Hz")
      ->required();
  auto* preset =
      command->add_option("--preset", options->preset, "the chain of a training's preset; else tutorial")
          ->check(CLI::IsMember(PresetNames()));
  command->add_option("--config", options->config_path, "a textproto of an AugmentationChain")
      ->excludes(preset);
  command->add_option("--seed", options->seed, "another seed, another view of the clip")
      ->capture_default_str();
  command->footer(Example("timbre augment song.mp3 view.wav --preset clmr --seed 7"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Run(session, *options); }; });
}

}  // namespace timbre::cli
