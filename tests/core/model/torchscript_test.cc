#include "core/model/torchscript.h"

#include <torch/script.h>

#include "core/model/encoder_module.h"
#include "core/weights/sample_cnn_layout.h"
#include "tests/support/checkpoints.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::HashedTensor;
using timbre::testing::HashedTimbreEncoder;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

torch::Tensor Windows() {
  static const weights::Tensor noise = HashedTensor({3, 1, 59049}, "windows", 0.5);
  return torch::from_blob(const_cast<float*>(noise.values.data()), noise.shape, torch::kFloat);
}

TEST(SampleCnnLayoutTest, IsThatOfTheModule) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : ExportTensors(**MakeEncoder({}))) shapes[name] = tensor.shape;
  EXPECT_EQ(weights::SampleCnnShapes(), shapes);
}

TEST(TorchScriptTest, TheLoadedModuleAnswersAsTheEncoderDoes) {
  const TempDir dir;
  const std::string path = (dir / "model.pt").string();
  ASSERT_THAT(WriteTorchScript(HashedTimbreEncoder(), path), IsOk());
  torch::jit::Module script = torch::jit::load(path);
  const torch::NoGradGuard no_grad;
  const torch::Tensor scripted = script.forward({Windows()}).toTensor();
  ASSERT_EQ(scripted.sizes().vec(), (std::vector<int64_t>{3, 512}));

  auto encoder = *MakeEncoder({});
  ASSERT_THAT(ImportTensors(HashedTimbreEncoder(), *encoder), IsOk());
  encoder->eval();
  const torch::Tensor ours = encoder->forward(Windows());
  EXPECT_LT(((scripted - ours).norm(2, 1) / ours.norm(2, 1)).max().item<double>(), 1e-5);

  // Whoever sets it to training gets the same answer: batch statistics would be another model.
  script.train();
  EXPECT_TRUE(torch::equal(script.forward({Windows()}).toTensor(), scripted));
  EXPECT_ANY_THROW(script.forward({Windows().narrow(2, 0, 59048)}));
}

TEST(TorchScriptTest, ItsTensorsHaveTimbresNamesAndBits) {
  const TempDir dir;
  const std::string path = (dir / "model.pt").string();
  ASSERT_THAT(WriteTorchScript(HashedTimbreEncoder(), path), IsOk());
  const torch::jit::Module script = torch::jit::load(path);
  weights::TensorMap state;
  const auto take = [&state](const std::string& name, const torch::Tensor& value) {
    weights::Tensor& tensor = state[name];
    tensor.shape = value.sizes().vec();
    tensor.values.assign(value.data_ptr<float>(), value.data_ptr<float>() + value.numel());
  };
  for (const auto& item : script.named_parameters()) take(item.name, item.value);
  for (const auto& item : script.named_buffers()) take(item.name, item.value);
  EXPECT_EQ(weights::DigestTensors(state), weights::DigestTensors(HashedTimbreEncoder()));
}

TEST(TorchScriptTest, TensorsThatDoNotFitAreNamed) {
  const TempDir dir;
  weights::TensorMap encoder = HashedTimbreEncoder();
  encoder["conv2.0.bias"] = HashedTensor({3}, "x", 1);
  EXPECT_THAT(WriteTorchScript(encoder, dir / "model.pt"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("conv2.0.bias has the shape [3]; wanted is [128]")));
  encoder.erase("conv2.0.bias");
  EXPECT_THAT(WriteTorchScript(encoder, dir / "model.pt"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv2.0.bias is missing")));
  EXPECT_THAT(WriteTorchScript(HashedTimbreEncoder(), dir / "no folder" / "model.pt"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("TorchScript")));
}

}  // namespace
}  // namespace timbre::model
