#include "core/model/sample_cnn.h"

#include <torch/torch.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/model/seeding.h"
#include "core/model/torch_compat.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using timbre::testing::HashedSampleCnn;
using timbre::testing::HashedUniform;
using timbre::testing::IsOk;

constexpr int64_t kWindow = 59049;

torch::Tensor Hashed(std::vector<int64_t> shape, const char* name, double scale) {
  torch::Tensor tensor = torch::empty(shape);
  const auto values = HashedUniform(static_cast<size_t>(tensor.numel()), name, scale);
  return tensor.copy_(torch::from_blob(const_cast<float*>(values.data()), shape));
}

// Windows of noise that is the longer constant the later the window.
torch::Tensor Windows(int64_t count) {
  torch::Tensor windows = Hashed({count, 1, kWindow}, "windows", 0.5);
  int64_t hold = 1;
  for (int64_t i = 0; i < count; ++i, hold *= 8) {
    windows[i][0].copy_(windows[i][0].index_select(0, torch::arange(kWindow).div(hold, "floor") * hold));
  }
  return windows;
}

std::shared_ptr<SampleCnn> Imported() {
  auto encoder = std::make_shared<SampleCnn>(/*dropout=*/0);
  EXPECT_THAT(ImportTensors(HashedSampleCnn(), *encoder), IsOk());
  return encoder;
}

// Each sampled value within `tolerance` of the tensor's root mean square, and the norm relatively so.
void ExpectLike(const torch::Tensor& actual, const nlohmann::json& golden, double tolerance,
                const std::string& what) {
  const torch::Tensor flat = actual.detach().to(torch::kDouble).contiguous().view({-1});
  const double norm = golden["norm"];
  const double scale = norm / std::sqrt(static_cast<double>(flat.numel()));
  EXPECT_NEAR(flat.norm().item<double>(), norm, tolerance * norm) << what;
  const int64_t stride = golden["stride"];
  for (size_t i = 0; i < golden["values"].size(); ++i) {
    const double expected = golden["values"][i];
    EXPECT_NEAR(flat[static_cast<int64_t>(i) * stride].item<double>(), expected,
                tolerance * std::max(scale, std::abs(expected)))
        << what << " value " << i;
  }
}

// tests/golden/sample_cnn/make_golden.py wrote it: PyTorch, double precision, Conv1d layers, kernel 3 in the
// last block.
nlohmann::json Golden() {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/sample_cnn/sample_cnn.json");
  return nlohmann::json::parse(file);
}

double RelativeError(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm(2, 1) / b.norm(2, 1)).max().item<double>();
}

TEST(SampleCnnTest, HasTheTutorialsTensorsWithAKernelOf1InTheLastBlock) {
  const SampleCnn encoder(0.5);
  int64_t parameters = 0;
  for (const auto& tensor : encoder.parameters()) parameters += tensor.numel();
  EXPECT_EQ(parameters, 1'844'224);
  EXPECT_EQ(encoder.named_parameters().size() + encoder.named_buffers().size(), 77U);
  EXPECT_EQ(encoder.named_parameters()["conv4.0.weight"].sizes().vec(), (std::vector<int64_t>{256, 128, 3}));
  EXPECT_EQ(encoder.named_parameters()["conv11.0.weight"].sizes().vec(), (std::vector<int64_t>{512, 512, 1}));
}

TEST(SampleCnnTest, EvalOutputsEqualTheGoldenOnes) {
  auto encoder = Imported();
  encoder->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor out = encoder->forward(Windows(4));
  ASSERT_EQ(out.sizes().vec(), (std::vector<int64_t>{4, 512}));
  const nlohmann::json golden = Golden();
  for (int64_t i = 0; i < 4; ++i)
    ExpectLike(out[i], golden["eval_output"][i], 1e-4, "window " + std::to_string(i));
}

TEST(SampleCnnTest, TrainOutputsGradientsAndRunningStatisticsEqualTheGoldenOnes) {
  auto encoder = Imported();
  const nlohmann::json golden = Golden();
  const torch::Tensor out = encoder->forward(Windows(4));
  for (int64_t i = 0; i < 4; ++i)
    ExpectLike(out[i], golden["train_output"][i], 1e-4, "window " + std::to_string(i));
  (out * Hashed({4, 512}, "cotangent", 1)).sum().backward();
  for (const auto& item : encoder->named_parameters()) {
    // A constant before BatchNorm changes nothing: the gradient of a convolution's bias is rounding alone.
    if (item.key().ends_with(".0.bias")) continue;
    ExpectLike(item.value().grad(), golden["gradients"][item.key()], 1e-3, item.key());
  }
  for (const auto& item : encoder->named_buffers()) {
    if (golden["running"].contains(item.key())) {
      ExpectLike(item.value(), golden["running"][item.key()], 1e-4, item.key());
    }
  }
}

TEST(SampleCnnTest, AWindowsEmbeddingDoesNotDependOnItsBatch) {
  auto encoder = Imported();
  encoder->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor windows = Windows(3);
  const torch::Tensor together = encoder->forward(windows);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_LT(RelativeError(encoder->forward(windows.narrow(0, i, 1)), together.narrow(0, i, 1)), 1e-4);
  }
}

TEST(SampleCnnTest, Bf16AutocastStaysCloseToFp32) {
  auto encoder = Imported();
  encoder->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor windows = Windows(2);
  const torch::Tensor exact = encoder->forward(windows);
  torch::Tensor rough;
  {
    const AutocastGuard autocast(torch::kCPU, true);
    rough = encoder->forward(windows).to(torch::kFloat);
  }
  EXPECT_GT(torch::cosine_similarity(rough, exact, 1).min().item<double>(), 0.999);
}

TEST(SampleCnnTest, DropoutDrawsFromItsOwnGeneratorAndOnlyInTrainMode) {
  SampleCnn encoder(0.5);
  const torch::NoGradGuard no_grad;
  const torch::Tensor windows = Windows(2);
  encoder.set_generator(MakeGenerator(torch::kCPU, 3));
  const torch::Tensor first = encoder.forward(windows);
  EXPECT_FALSE(torch::equal(encoder.forward(windows), first));
  torch::manual_seed(99);
  encoder.set_generator(MakeGenerator(torch::kCPU, 3));
  EXPECT_TRUE(torch::equal(encoder.forward(windows), first));
  EXPECT_NEAR((first == 0).to(torch::kFloat).mean().item<double>(), 0.75,
              0.06);  // half by ReLU, half of the rest
  encoder.eval();
  EXPECT_TRUE(torch::equal(encoder.forward(windows), encoder.forward(windows)));
}

TEST(SampleCnnTest, AnotherLengthThrows) {
  SampleCnn encoder(0);
  EXPECT_THROW(encoder.forward(torch::zeros({1, 1, kWindow - 1})), c10::Error);
  EXPECT_THROW(encoder.forward(torch::zeros({1, kWindow})), c10::Error);
}

}  // namespace
}  // namespace timbre::model
