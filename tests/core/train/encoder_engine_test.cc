// The training engine against LibTorch's autograd, on SampleCNN as it is.
#include "core/train/encoder_engine.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "core/audio/decoder.h"
#include "core/model/seeding.h"
#include "core/model/torch_compat.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::train {
namespace {

using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using torch::Tensor;

constexpr int64_t kSamples = 59049;

// Noise, chords with beats, and windows that are silent for a part or all of the time.
Tensor Windows(int64_t count) {
  Tensor windows = torch::zeros({count, 1, kSamples});
  for (int64_t w = 0; w < count; ++w) {
    float* to = windows[w][0].data_ptr<float>();
    const auto noise = HashedUniform(kSamples, "noise" + std::to_string(w), 0.3);
    const auto number = static_cast<double>(w);
    const auto low = timbre::testing::Sine(110 + 37 * number, 0.4, kSamples);
    const auto high = timbre::testing::Sine(440 + 91 * number, 0.2, kSamples);
    const int64_t silent = w % 4 == 3 ? kSamples / (w % 8 == 7 ? 1 : 2) : 0;
    for (int64_t i = silent; i < kSamples; ++i) {
      const auto at = static_cast<size_t>(i);
      const float beat = static_cast<float>(1 - static_cast<double>(i % (4000 + 500 * w)) / 8000);
      to[i] = w % 4 == 0 ? noise[at] : beat * (low[at] + high[at]) + 0.1F * noise[at];
    }
  }
  return windows;
}

// The beginnings of the clips in tests/data/audio.
Tensor RealWindows(int64_t count) {
  Tensor windows = torch::zeros({count, 1, kSamples});
  std::vector<std::filesystem::path> clips;
  for (const auto& entry : std::filesystem::directory_iterator(TIMBRE_TEST_DATA "/audio/train")) {
    if (entry.path().extension() == ".ogg") clips.push_back(entry.path());
  }
  std::sort(clips.begin(), clips.end());
  for (int64_t w = 0; w < count; ++w) {
    const auto clip = audio::DecodeFileTo22050(clips.at(static_cast<size_t>(w)), {}).value();
    std::copy_n(clip.samples.begin(), kSamples, windows[w][0].data_ptr<float>());
  }
  return windows;
}

// What a pass leaves: embeddings, gradients by parameter, running statistics by buffer.
struct Outcome {
  Tensor embeddings;
  std::map<std::string, Tensor> gradients, buffers;
};

enum class By { kLibTorch, kLibTorchBf16, kLibTorchFp64, kTimbre, kTimbreBf16 };

Tensor Encode(By by, model::EncoderModule& encoder, const Tensor& windows) {
  if (by == By::kTimbre || by == By::kTimbreBf16) {
    return EncoderEngine::Create(encoder, by == By::kTimbreBf16).value()->Forward(encoder, windows);
  }
  if (by == By::kLibTorchFp64) {
    encoder.to(torch::kDouble);
    return encoder.forward(windows.to(torch::kDouble));
  }
  const model::AutocastGuard autocast(torch::kCPU, by == By::kLibTorchBf16);
  return encoder.forward(windows).to(torch::kFloat);
}

Outcome Pass(By by, const Tensor& windows) {
  auto encoder = model::MakeEncoder({.dropout = 0, .seed = 7}).value();
  const Tensor embeddings = Encode(by, *encoder, windows);
  // NT-Xent without its projector: neighbours are each other's views.
  const int64_t count = windows.size(0);
  const Tensor unit = torch::nn::functional::normalize(embeddings);
  const Tensor self = torch::eye(count, torch::kBool);
  const Tensor similarity = (torch::mm(unit, unit.t()) / 0.5).masked_fill(self, -1e9);
  torch::nn::functional::cross_entropy(similarity, torch::arange(count).bitwise_xor(1)).backward();

  Outcome outcome{.embeddings = embeddings.detach(), .gradients = {}, .buffers = {}};
  for (const auto& item : encoder->named_parameters()) outcome.gradients[item.key()] = item.value().grad();
  for (const auto& item : encoder->named_buffers()) outcome.buffers[item.key()] = item.value();
  return outcome;
}

double RelativeError(const Tensor& got, const Tensor& reference) {
  return ((got - reference).norm() / reference.norm()).item<double>();
}

double Cosine(const Tensor& a, const Tensor& b) {
  return ((a * b).sum() / (a.norm() * b.norm())).item<double>();
}

// Of the gradients of blocks `first` to `last`.
double WorstError(const Outcome& got, const Outcome& reference, int first, int last) {
  double worst = 0;
  for (int block = first; block <= last; ++block) {
    for (const char* tensor : {".0.weight", ".1.weight", ".1.bias"}) {
      const std::string name = "conv" + std::to_string(block) + tensor;
      worst = std::max(worst, RelativeError(got.gradients.at(name), reference.gradients.at(name)));
    }
  }
  return worst;
}

// Among the millions of frames some few are so near to the edge of a relu, or to another frame of their pool,
// that rounding decides, and each is some thousandths of the gradients of its block and of those before (the
// transforms round more than LibTorch's products do). So exactness shows in the last blocks, and in
// layer_parity_test.cc.
void ExpectFp32NearFp64(const Tensor& windows) {
  const Outcome exact = Pass(By::kLibTorchFp64, windows), torch = Pass(By::kLibTorch, windows),
                ours = Pass(By::kTimbre, windows);
  EXPECT_LT(RelativeError(ours.embeddings, exact.embeddings), 1e-4);
  for (const auto& [name, buffer] : exact.buffers) {
    EXPECT_LT(RelativeError(ours.buffers.at(name), buffer), 1e-4) << name;
  }
  EXPECT_LT(WorstError(ours, exact, 9, 11), 1e-3);
  EXPECT_LT(WorstError(ours, exact, 1, 11), 2e-2);
  ::testing::Test::RecordProperty("ours", std::to_string(WorstError(ours, exact, 1, 11)));
  ::testing::Test::RecordProperty("LibTorch", std::to_string(WorstError(torch, exact, 1, 11)));
}
TEST(EncoderEngineTest, Fp32IsNearToFp64ButForFramesThatRoundingDecides) { ExpectFp32NearFp64(Windows(4)); }
TEST(EncoderEngineTest, Fp32IsNearToFp64OnRealAudio) { ExpectFp32NearFp64(RealWindows(4)); }

// An untrained network under a contrastive loss magnifies every rounding, so that both are far from 1.
void ExpectBf16NearFp32(const Tensor& windows) {
  if (!train_engine::TrainEngine::RunsInBf16()) GTEST_SKIP() << "oneDNN multiplies no bf16 here";
  const Outcome reference = Pass(By::kLibTorch, windows), torch = Pass(By::kLibTorchBf16, windows),
                ours = Pass(By::kTimbreBf16, windows);
  double mean = 0, torchs_mean = 0;
  for (const auto& [name, gradient] : reference.gradients) {
    if (name.ends_with("0.bias")) continue;  // before BatchNorm: rounding errors
    const double cosine = Cosine(ours.gradients.at(name), gradient);
    const double torchs = Cosine(torch.gradients.at(name), gradient);
    EXPECT_GE(cosine, torchs - 0.02) << name;
    mean += cosine / 33;
    torchs_mean += torchs / 33;
  }
  EXPECT_GT(mean, torchs_mean);
  ::testing::Test::RecordProperty("ours", std::to_string(mean));
  ::testing::Test::RecordProperty("LibTorch", std::to_string(torchs_mean));
}
TEST(EncoderEngineTest, Bf16IsNearerToFp32ThanLibTorchsAutocast) { ExpectBf16NearFp32(Windows(8)); }
TEST(EncoderEngineTest, Bf16IsNearerToFp32ThanLibTorchsAutocastOnRealAudio) {
  ExpectBf16NearFp32(RealWindows(8));
}

TEST(EncoderEngineTest, WithoutGradientsTheRunningStatisticsMoveAllTheSame) {
  const Tensor windows = Windows(2);
  const auto run = [&](bool gradients) {
    auto encoder = model::MakeEncoder({.architecture = "sample_cnn_tiny", .dropout = 0, .seed = 7}).value();
    const torch::AutoGradMode mode(gradients);
    const auto engine = EncoderEngine::Create(*encoder, /*bf16=*/false).value();
    const Tensor out = engine->Forward(*encoder, windows);
    EXPECT_EQ(out.requires_grad(), gradients);
    EXPECT_EQ(encoder->named_buffers()["conv1.1.num_batches_tracked"].item<int64_t>(), 1);
    return std::make_pair(out.detach(), encoder->named_buffers()["conv5.1.running_var"].clone());
  };
  const auto [with, with_variance] = run(true);
  const auto [without, without_variance] = run(false);
  EXPECT_TRUE(with.equal(without));
  EXPECT_TRUE(with_variance.equal(without_variance));
}

TEST(EncoderEngineTest, DropoutDrawsFromTheEncodersGenerator) {
  const Tensor windows = Windows(2);
  const auto run = [&](uint64_t seed) {
    auto encoder = model::MakeEncoder({.architecture = "sample_cnn_tiny", .dropout = 0.5, .seed = 7}).value();
    encoder->set_generator(model::MakeGenerator(torch::kCPU, seed));
    return EncoderEngine::Create(*encoder, /*bf16=*/false).value()->Forward(*encoder, windows).detach();
  };
  const Tensor one = run(1);
  EXPECT_TRUE(one.equal(run(1)));
  EXPECT_FALSE(one.equal(run(2)));
  EXPECT_GT((one == 0).sum().item<int64_t>(), one.numel() / 2);
}

}  // namespace
}  // namespace timbre::train
