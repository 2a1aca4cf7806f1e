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

TEST(EncoderFactoryTest, UnknownNamesAndBadDropoutAreRefused) {
  EXPECT_THAT(MakeEncoder({.architecture = "wavenet"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("known: sample_cnn")));
  for (double dropout : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THAT(MakeEncoder({.architecture = "sample_cnn", .dropout = dropout}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("[0, 1)")));
  }
}

TEST(ProjectorTest, HasTheFieldsNamesAndNoBias) {
  const weights::TensorMap tensors = ExportTensors(*Projector(ProjectorOptions{}));
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors.at("0.weight").shape, (std::vector<int64_t>{512, 512}));
  EXPECT_EQ(tensors.at("2.weight").shape, (std::vector<int64_t>{64, 512}));
  EXPECT_EQ(ExportTensors(*Projector(ProjectorOptions{.bias = true})).size(), 4U);
}

TEST(ProjectorTest, IsALinearMapOfTheRectifiedLinearMap) {
  Projector projector(ProjectorOptions{.in_dim = 3, .hidden_dim = 5, .out_dim = 2, .bias = true, .seed = 3});
  const auto parameters = projector->named_parameters();
  const torch::Tensor input = torch::linspace(-1, 1, 6).view({2, 3});
  const torch::Tensor hidden = torch::relu(input.matmul(parameters["0.weight"].t()) + parameters["0.bias"]);
  const torch::Tensor expected = hidden.matmul(parameters["2.weight"].t()) + parameters["2.bias"];
  EXPECT_TRUE(torch::allclose(projector->forward(input), expected));
}

}  // namespace
}  // namespace timbre::model
