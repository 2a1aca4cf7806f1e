// The training engine against LibTorch's autograd, a pooled layer of SampleCNN's widths at a time: a short
// network does not magnify what rounding decides, so exactness shows for every parameter.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/model/torch_compat.h"
#include "core/train_engine/train_engine.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::train {
namespace {

using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using torch::Tensor;

constexpr int64_t kCount = 300, kSamples = 9;

Tensor Hashed(const std::vector<int64_t>& shape, const std::string& name, double scale) {
  int64_t size = 1;
  for (const int64_t length : shape) size *= length;
  return torch::tensor(HashedUniform(static_cast<size_t>(size), name.c_str(), scale)).reshape(shape);
}

enum Name { kWeight, kBias, kGamma, kBeta, kMean, kVariance, kNames };
using Block = std::array<Tensor, kNames>;

// A first block of `in` channels, a pooled one in -> out, and a last one.
std::vector<Block> Blocks(int64_t in, int64_t out) {
  const std::vector<std::vector<int64_t>> shapes = {{in, 1, 3}, {out, in, 3}, {out, out, 1}};
  std::vector<Block> blocks;
  for (const auto& shape : shapes) {
    const std::string number = std::to_string(blocks.size());
    const double scale = 1 / std::sqrt(static_cast<double>(shape[1] * shape[2]));
    Block block;
    block[kWeight] = Hashed(shape, "weight" + number, scale);
    block[kBias] = Hashed({shape[0]}, "bias" + number, scale);
    block[kGamma] = Hashed({shape[0]}, "gamma" + number, 1) + 0.2;  // some are negative
    block[kBeta] = Hashed({shape[0]}, "beta" + number, 0.5);
    block[kMean] = torch::zeros({shape[0]});
    block[kVariance] = torch::ones({shape[0]});
    blocks.push_back(std::move(block));
  }
  return blocks;
}

// Embeddings, running statistics (in the blocks), and gradients in the blocks' order.
struct Outcome {
  Tensor embeddings;
  std::vector<Block> blocks;
  std::vector<std::array<Tensor, kMean>> gradients;
};

Outcome ByLibTorch(const std::vector<Block>& given, torch::Dtype type, bool bf16 = false) {
  Outcome outcome;
  for (const Block& block : given) {
    Block& mine = outcome.blocks.emplace_back();
    for (size_t i = 0; i < kNames; ++i) mine[i] = block[i].to(type).clone().requires_grad_(i < kMean);
  }
  {
    const model::AutocastGuard autocast(torch::kCPU, bf16);
    Tensor x = Hashed({kCount, 1, kSamples}, "windows", 0.7).to(type);
    for (size_t i = 0; i < outcome.blocks.size(); ++i) {
      const Block& b = outcome.blocks[i];
      const bool first = i == 0, last = i + 1 == outcome.blocks.size();
      x = torch::conv1d(x, b[kWeight], b[kBias], /*stride=*/first ? 3 : 1, /*padding=*/first || last ? 0 : 1);
      x = torch::batch_norm(x, b[kGamma], b[kBeta], b[kMean], b[kVariance], /*training=*/true, 0.1, 1e-5,
                            /*cudnn_enabled=*/false);
      if (!first && !last) x = torch::max_pool1d(x, 3, 3);
      x = torch::relu(x);
    }
    outcome.embeddings = x.squeeze(2).to(type);
  }
  const Tensor gradient = Hashed(outcome.embeddings.sizes().vec(), "gradient", 1).to(type);
  outcome.embeddings.backward(gradient);
  for (const Block& block : outcome.blocks) {
    auto& gradients = outcome.gradients.emplace_back();
    for (size_t i = 0; i < kMean; ++i) gradients[i] = block[i].grad();
  }
  return outcome;
}

Outcome ByTimbre(const std::vector<Block>& given, bool bf16) {
  Outcome outcome;
  std::vector<std::array<int64_t, 3>> shapes;
  std::vector<train_engine::BlockParameters> parameters;
  std::vector<train_engine::BlockGradients> gradients;
  for (const Block& block : given) {
    Block& mine = outcome.blocks.emplace_back();
    auto& grad = outcome.gradients.emplace_back();
    for (size_t i = 0; i < kNames; ++i) mine[i] = block[i].clone();
    for (size_t i = 0; i < kMean; ++i) grad[i] = torch::full_like(block[i], 7);  // to be overwritten
    const auto at = [](Tensor& tensor) { return tensor.data_ptr<float>(); };
    shapes.push_back({block[kWeight].size(0), block[kWeight].size(1), block[kWeight].size(2)});
    parameters.push_back({at(mine[kWeight]), at(mine[kBias]), at(mine[kGamma]), at(mine[kBeta]),
                          at(mine[kMean]), at(mine[kVariance])});
    gradients.push_back({at(grad[kWeight]), at(grad[kBias]), at(grad[kGamma]), at(grad[kBeta])});
  }
  const auto shape = train_engine::ShapeOf(shapes);
  EXPECT_THAT(shape, IsOk());
  const auto engine = train_engine::TrainEngine::Create(*shape, {.bf16 = bf16, .threads = 2});
  const Tensor windows = Hashed({kCount, 1, kSamples}, "windows", 0.7);
  outcome.embeddings = torch::empty({kCount, shape->embedding_dim()});
  const Tensor gradient = Hashed(outcome.embeddings.sizes().vec(), "gradient", 1);
  const train_engine::Batch batch{.windows = windows.data_ptr<float>(),
                                  .count = kCount,
                                  .masks = std::vector<const float*>(given.size())};
  auto tape = engine->Forward(parameters, batch, /*keep=*/true, outcome.embeddings.data_ptr<float>());
  EXPECT_THAT(tape, IsOk());
  EXPECT_THAT(engine->Backward(*std::move(tape), batch, gradient.data_ptr<float>(), gradients), IsOk());
  return outcome;
}

double RelativeError(const Tensor& got, const Tensor& reference) {
  return ((got.to(torch::kDouble) - reference).norm() / reference.norm()).item<double>();
}

double Cosine(const Tensor& got, const Tensor& reference) {
  const Tensor a = got.to(torch::kDouble), b = reference.to(torch::kDouble);
  return ((a * b).sum() / (a.norm() * b.norm())).item<double>();
}

// The channels before and after each pooled layer of SampleCNN.
class LayerParityTest : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {
 protected:
  const std::vector<Block> blocks_ = Blocks(GetParam().first, GetParam().second);
};

TEST_P(LayerParityTest, Fp32IsWithinAThousandthForEveryParameter) {
  const Outcome exact = ByLibTorch(blocks_, torch::kDouble), ours = ByTimbre(blocks_, /*bf16=*/false);
  EXPECT_LT(RelativeError(ours.embeddings, exact.embeddings), 1e-4);
  double worst = 0;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    EXPECT_LT(RelativeError(ours.blocks[b][kMean], exact.blocks[b][kMean]), 1e-4) << b;
    EXPECT_LT(RelativeError(ours.blocks[b][kVariance], exact.blocks[b][kVariance]), 1e-4) << b;
    for (const Name name : {kWeight, kGamma, kBeta}) {
      const double error = RelativeError(ours.gradients[b][name], exact.gradients[b][name]);
      EXPECT_LT(error, 1e-3) << "block " << b << ", parameter " << name;
      worst = std::max(worst, error);
    }
    EXPECT_EQ(ours.gradients[b][kBias].abs().max().item<float>(), 0);  // BatchNorm takes the bias away
  }
  RecordProperty("worst", std::to_string(worst));
}

// What keeps it from 1 are frames of a pool that trade places when they are rounded.
TEST_P(LayerParityTest, Bf16PointsWhereFp32DoesAndNoWorseThanAutocast) {
  if (!train_engine::TrainEngine::RunsInBf16()) GTEST_SKIP() << "oneDNN multiplies no bf16 here";
  const Outcome reference = ByLibTorch(blocks_, torch::kFloat),
                torchs = ByLibTorch(blocks_, torch::kFloat, /*bf16=*/true),
                ours = ByTimbre(blocks_, /*bf16=*/true);
  double least = 1, torchs_least = 1;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    for (const Name name : {kWeight, kGamma, kBeta}) {
      const double cosine = Cosine(ours.gradients[b][name], reference.gradients[b][name]);
      const double torchs_cosine = Cosine(torchs.gradients[b][name], reference.gradients[b][name]);
      EXPECT_GE(cosine, 0.985) << "block " << b << ", parameter " << name;
      least = std::min(least, cosine);
      torchs_least = std::min(torchs_least, torchs_cosine);
    }
  }
  EXPECT_GE(least + 0.003, torchs_least);
  RecordProperty("ours", std::to_string(least));
  RecordProperty("LibTorch", std::to_string(torchs_least));
}

INSTANTIATE_TEST_SUITE_P(SampleCnn, LayerParityTest,
                         ::testing::Values(std::pair(128, 128), std::pair(128, 256), std::pair(256, 256),
                                           std::pair(256, 512)));

}  // namespace
}  // namespace timbre::train
