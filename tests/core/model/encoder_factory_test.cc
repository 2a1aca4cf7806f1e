#include <torch/torch.h>

#include <cmath>

#include "core/model/encoder_module.h"
#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;

weights::TensorMap WeightsOf(uint64_t seed) {
  return ExportTensors(**MakeEncoder({.architecture = "sample_cnn", .dropout = 0.5, .seed = seed}));
}

TEST(EncoderFactoryTest, ASeedGivesTheSameWeightsWhateverElseDrawsNumbers) {
  torch::manual_seed(1);
  const weights::TensorMap first = WeightsOf(7);
  torch::rand({13});
  EXPECT_EQ(WeightsOf(7), first);
  EXPECT_NE(WeightsOf(8), first);
}

TEST(EncoderFactoryTest, WeightsFillPyTorchsDefaultRange) {
  const weights::TensorMap tensors = WeightsOf(7);
  for (const auto& [name, fan_in] : {std::pair{"conv1.0.weight", 3},
                                     {"conv2.0.weight", 384},
                                     {"conv5.0.weight", 768},
                                     {"conv11.0.weight", 512},
                                     {"conv5.0.bias", 768}}) {
    const double bound = 1 / std::sqrt(fan_in);
    double largest = 0, squares = 0;
    for (float value : tensors.at(name).values) {
      largest = std::max(largest, std::abs(static_cast<double>(value)));
      squares += static_cast<double>(value) * value;
    }
    EXPECT_LE(largest, bound * 1.000001) << name;
    EXPECT_GT(largest, bound * 0.97) << name;
    const double deviation = std::sqrt(squares / static_cast<double>(tensors.at(name).values.size()));
    EXPECT_NEAR(deviation, bound / std::sqrt(3.0), bound * 0.06) << name;
  }
}

TEST(EncoderFactoryTest, KaimingWidensTheConvolutionsWeightsAndNotTheirBiases) {
  const auto kaiming = ExportTensors(**MakeEncoder({.seed = 7, .initialization = Initialization::kKaiming}));
  const weights::TensorMap tensors = WeightsOf(7);
  for (const char* name : {"conv1.0.weight", "conv4.0.weight", "conv11.0.weight"}) {
    for (size_t i = 0; i < 100; ++i) {
      EXPECT_NEAR(kaiming.at(name).values[i], std::sqrt(6.0) * tensors.at(name).values[i], 1e-6) << name;
    }
  }
  EXPECT_EQ(kaiming.at("conv5.0.bias"), tensors.at("conv5.0.bias"));
}

TEST(EncoderFactoryTest, TheTinyOneIsTheSameShapeWithAnEighthOfTheChannels) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto tiny, MakeEncoder({.architecture = "sample_cnn_tiny"}));
  EXPECT_EQ(tiny->embedding_dim(), *EmbeddingDim("sample_cnn_tiny"));
  EXPECT_EQ(tiny->embedding_dim(), 64);
  tiny->eval();
  EXPECT_EQ(tiny->forward(torch::zeros({2, 1, 59049})).sizes(), (std::vector<int64_t>{2, 64}));
  const weights::TensorMap full = WeightsOf(7);
  for (const auto& [name, tensor] : ExportTensors(*tiny)) {
    EXPECT_EQ(tensor.shape[0] * 8, full.at(name).shape[0]) << name;
  }
}

TEST(EncoderFactoryTest, UnknownNamesAndBadDropoutAreRefused) {
  EXPECT_THAT(MakeEncoder({.architecture = "wavenet"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("known: sample_cnn")));
  for (double dropout : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THAT(MakeEncoder({.architecture = "sample_cnn", .dropout = dropout}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("[0, 1)")));
  }
}

}  // namespace
}  // namespace timbre::model
