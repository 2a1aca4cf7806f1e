#include "core/model/projector.h"

#include "core/model/encoder_module.h"
#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;

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

TEST(ProjectorTest, ThreeLayersWithBatchNormAreNamedByTheirPlaceInTheChain) {
  const weights::TensorMap tensors = ExportTensors(*Projector(
      ProjectorOptions{.in_dim = 8, .hidden_dim = 6, .out_dim = 4, .layers = 3, .batch_norm = true}));
  EXPECT_EQ(tensors.at("0.weight").shape, (std::vector<int64_t>{6, 8}));
  EXPECT_EQ(tensors.at("1.running_mean").shape, (std::vector<int64_t>{6}));
  EXPECT_EQ(tensors.at("3.weight").shape, (std::vector<int64_t>{6, 6}));
  EXPECT_EQ(tensors.at("4.weight").shape, (std::vector<int64_t>{6}));
  EXPECT_EQ(tensors.at("6.weight").shape, (std::vector<int64_t>{4, 6}));
  EXPECT_EQ(tensors.size(), 11U);
}

TEST(ProjectorTest, PublishedTensorsMakeTheSameProjectorAgain) {
  for (const ProjectorOptions& options :
       {ProjectorOptions{.in_dim = 8, .hidden_dim = 6, .out_dim = 4},
        ProjectorOptions{.in_dim = 8, .hidden_dim = 6, .out_dim = 4, .layers = 1, .bias = true},
        ProjectorOptions{
            .in_dim = 8, .hidden_dim = 6, .out_dim = 4, .layers = 3, .bias = true, .batch_norm = true}}) {
    Projector projector(options);
    projector->eval();
    TIMBRE_ASSERT_OK_AND_ASSIGN(Projector again, ProjectorOf(ExportTensors(*projector)));
    again->eval();
    const torch::Tensor input = torch::randn({5, 8});
    for (int64_t layer = 1; layer <= options.layers; ++layer) {
      EXPECT_TRUE(torch::equal(projector->ForwardTo(layer, input), again->ForwardTo(layer, input)));
    }
  }
  EXPECT_THAT(ProjectorOf({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0.weight")));
}

TEST(ProjectorTest, AHiddenLayersOutputIsRectified) {
  Projector projector(ProjectorOptions{.in_dim = 8, .hidden_dim = 6, .out_dim = 4});
  const torch::Tensor input = torch::randn({5, 8});
  EXPECT_GE(projector->ForwardTo(1, input).min().item<double>(), 0);
  EXPECT_TRUE(torch::equal(projector->ForwardTo(2, input), projector->forward(input)));
  EXPECT_THROW(projector->ForwardTo(3, input), c10::Error);
}

}  // namespace
}  // namespace timbre::model
