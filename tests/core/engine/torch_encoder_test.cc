#include "core/engine/torch_encoder.h"

#include <cmath>
#include <thread>
#include <vector>

#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

using ::testing::HasSubstr;
using timbre::testing::HashedSampleCnn;
using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

constexpr size_t kWindow = 59049;
constexpr size_t kDim = 512;

std::shared_ptr<Encoder> Engine(const TorchEncoderOptions& options = {.device = "cpu"}) {
  return *MakeTorchEncoder(HashedSampleCnn(), options);
}

std::vector<float> Encode(Encoder& encoder, std::span<const float> windows) {
  std::vector<float> out(windows.size() / kWindow * kDim);
  EXPECT_THAT(encoder.Encode(windows, static_cast<int64_t>(windows.size() / kWindow), out), IsOk());
  return out;
}

double RelativeError(std::span<const float> a, std::span<const float> b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += std::pow(a[i] - b[i], 2);
    norm += std::pow(b[i], 2);
  }
  return std::sqrt(difference / norm);
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

TEST(TorchEncoderTest, TellsItsShapesAndWhatItIs) {
  const auto encoder = Engine();
  EXPECT_EQ(encoder->window_samples(), 59049);
  EXPECT_EQ(encoder->embedding_dim(), 512);
  EXPECT_THAT(encoder->description(), ::testing::AllOf(HasSubstr("libtorch"), HasSubstr("cpu fp32")));
}

TEST(TorchEncoderTest, ThePiecesOfALargeCallGiveWhatEachWindowGivesAlone) {
  const auto windows = HashedUniform(5 * kWindow, "windows", 0.5);
  const auto encoder = Engine({.device = "cpu", .max_batch = 2});
  const auto together = Encode(*encoder, windows);
  for (size_t i = 0; i < 5; ++i) {
    const auto alone = Encode(*encoder, std::span(windows).subspan(i * kWindow, kWindow));
    EXPECT_LT(RelativeError(alone, std::span(together).subspan(i * kDim, kDim)), 1e-4) << i;
  }
}

TEST(TorchEncoderTest, SilenceThatFillsABatchChangesNoWindow) {
  const auto windows = HashedUniform(7 * kWindow, "windows", 0.5);
  const auto plain = Engine({.device = "cpu", .max_batch = 6}),
             filled = Engine({.device = "cpu", .max_batch = 6, .fixed_batches = true});
  for (size_t count = 1; count <= 7; ++count) {
    const auto some = std::span(windows).first(count * kWindow);
    EXPECT_LT(RelativeError(Encode(*filled, some), Encode(*plain, some)), 1e-5) << count;
  }
}

TEST(TorchEncoderTest, Bf16StaysCloseToFp32) {
  const auto windows = HashedUniform(2 * kWindow, "windows", 0.5);
  const auto exact = Encode(*Engine(), windows);
  const auto rough = Encode(*Engine({.device = "cpu", .precision = "bf16"}), windows);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_GE(Cosine(std::span(rough).subspan(i * kDim, kDim), std::span(exact).subspan(i * kDim, kDim)),
              0.999);
  }
}

TEST(TorchEncoderTest, CallsFromSeveralThreadsGiveTheSame) {
  const auto windows = HashedUniform(kWindow, "windows", 0.5);
  const auto encoder = Engine();
  const auto expected = Encode(*encoder, windows);
  std::vector<std::vector<float>> results(3);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) threads.emplace_back([&] { result = Encode(*encoder, windows); });
  }
  for (const auto& result : results) EXPECT_LT(RelativeError(result, expected), 1e-5);
}

TEST(TorchEncoderTest, WrongSizesAreRefused) {
  const auto encoder = Engine();
  const std::vector<float> windows(kWindow);
  std::vector<float> out(kDim);
  EXPECT_THAT(encoder->Encode(windows, 0, out), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(encoder->Encode(windows, 2, out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("59049")));
  EXPECT_THAT(encoder->Encode(windows, 1, std::span(out).first(100)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TorchEncoderTest, TensorsAndOptionsThatDoNotFitAreRefused) {
  auto tensors = HashedSampleCnn();
  EXPECT_THAT(MakeTorchEncoder(tensors, {.device = "cpu", .precision = "int8"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fp32, bf16 or auto")));
  EXPECT_THAT(MakeTorchEncoder(tensors, {.device = "cpu", .max_batch = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_batch")));
  EXPECT_THAT(MakeTorchEncoder(tensors, {.device = "tpu"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeTorchEncoder(tensors, {.architecture = "vgg"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  tensors.erase("conv3.0.bias");
  EXPECT_THAT(MakeTorchEncoder(tensors, {.device = "cpu"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv3.0.bias")));
}

// 512 -> 3 -> 2 without bias.
weights::TensorMap SmallProjector() {
  return {{"0.weight", timbre::testing::HashedTensor({3, 512}, "p0", 0.1)},
          {"2.weight", timbre::testing::HashedTensor({2, 3}, "p2", 1)}};
}

TEST(TorchEncoderTest, TheEmbeddingOfAProjectorsLayerIsThatLayerOfTheEncodersEmbedding) {
  const auto windows = HashedUniform(2 * kWindow, "windows", 0.5);
  const auto at_encoder = Engine();
  const std::vector<float> base = Encode(*at_encoder, windows);
  const weights::TensorMap projector = SmallProjector();
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const auto first,
      MakeTorchEncoder(HashedSampleCnn(), {.device = "cpu", .embedding_layer = "projector.1"}, projector));
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const auto second,
      MakeTorchEncoder(HashedSampleCnn(), {.device = "cpu", .embedding_layer = "projector.2"}, projector));
  ASSERT_EQ(first->embedding_dim(), 3);
  ASSERT_EQ(second->embedding_dim(), 2);
  std::vector<float> hidden(6), out(4);
  ASSERT_THAT(first->Encode(windows, 2, hidden), IsOk());
  ASSERT_THAT(second->Encode(windows, 2, out), IsOk());
  for (size_t window = 0; window < 2; ++window) {
    for (size_t i = 0; i < 3; ++i) {
      double sum = 0;
      for (size_t j = 0; j < kDim; ++j)
        sum += projector.at("0.weight").values[i * kDim + j] * base[window * kDim + j];
      EXPECT_NEAR(hidden[window * 3 + i], std::max(0.0, sum), 1e-4);
    }
    for (size_t i = 0; i < 2; ++i) {
      double sum = 0;
      for (size_t j = 0; j < 3; ++j)
        sum += projector.at("2.weight").values[i * 3 + j] * hidden[window * 3 + j];
      EXPECT_NEAR(out[window * 2 + i], sum, 1e-4);
    }
  }
}

TEST(TorchEncoderTest, ALayerThatTheProjectorDoesNotHaveIsRefused) {
  const TorchEncoderOptions options = {.device = "cpu", .embedding_layer = "projector.3"};
  EXPECT_THAT(MakeTorchEncoder(HashedSampleCnn(), options, SmallProjector()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 layers")));
  EXPECT_THAT(MakeTorchEncoder(HashedSampleCnn(), options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("projector")));
}

}  // namespace
}  // namespace timbre::engine
