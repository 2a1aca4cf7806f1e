#include "core/model/torchscript.h"

#include <torch/script.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/weights/sample_cnn_layout.h"

namespace timbre::model {
namespace {

using weights::kSampleCnnBlocks;

torch::Tensor ToTorch(const weights::Tensor& tensor) {
  return torch::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, torch::kFloat).clone();
}

absl::Status CheckShapes(const weights::TensorMap& encoder) {
  for (const auto& [name, shape] : weights::SampleCnnShapes()) {
    const auto found = encoder.find(name);
    if (found == encoder.end())
      return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing"));
    if (found->second.shape == shape) continue;
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has the shape [",
                                                   absl::StrJoin(found->second.shape, ", "), "]; wanted is [",
                                                   absl::StrJoin(shape, ", "), "]"));
  }
  return absl::OkStatus();
}

// The first block strides by its kernel; all between it and the last pool by 3.
std::string BlockSource(int block) {
  const bool first = block == 1, last = block == kSampleCnnBlocks;
  std::string source = absl::StrCat("    c = getattr(self.conv", block, ", \"0\")\n    n = getattr(self.conv",
                                    block, ", \"1\")\n", "    x = torch.conv1d(x, c.weight, c.bias, [",
                                    first ? 3 : 1, "], [", first || last ? 0 : 1, "])\n",
                                    "    x = torch.relu(torch.batch_norm(x, n.weight, n.bias, "
                                    "n.running_mean, n.running_var, False, 0.1, 1e-5, "
                                    "False))\n");
  if (!first && !last) source += "    x = torch.max_pool1d(x, [3], [3])\n";
  return source;
}

// c and n have another type in each block, so each block is a function of its own.
std::string Source() {
  std::string source;
  std::string forward =
      "def forward(self, windows: Tensor) -> Tensor:\n"
      "    assert windows.dim() == 3 and windows.size(1) == 1 and windows.size(2) == 59049, "
      "\"windows must be [N, 1, 59049] float32 at 22050 Hz\"\n"
      "    x = windows\n";
  for (int block = 1; block <= kSampleCnnBlocks; ++block) {
    absl::StrAppend(&source, "def block", block, "(self, x: Tensor) -> Tensor:\n", BlockSource(block),
                    "    return x\n");
    absl::StrAppend(&forward, "    x = self.block", block, "(x)\n");
  }
  return absl::StrCat(source, forward, "    return x.mean([2])\n");
}

torch::jit::Module MakeModule(const weights::TensorMap& encoder) {
  auto unit = std::make_shared<torch::jit::CompilationUnit>();
  const auto make = [&unit](const char* type) {
    return torch::jit::Module(c10::QualifiedName(type), unit, /*shouldMangle=*/true);
  };
  torch::jit::Module root = make("__torch__.timbre.SampleCNN");
  for (int block = 1; block <= kSampleCnnBlocks; ++block) {
    const std::string name = absl::StrCat("conv", block);
    const auto tensor = [&](const char* rest) { return ToTorch(encoder.at(absl::StrCat(name, ".", rest))); };
    torch::jit::Module convolution = make("__torch__.timbre.Convolution");
    convolution.register_parameter("weight", tensor("0.weight"), /*is_buffer=*/false);
    convolution.register_parameter("bias", tensor("0.bias"), false);
    torch::jit::Module norm = make("__torch__.timbre.Norm");
    norm.register_parameter("weight", tensor("1.weight"), false);
    norm.register_parameter("bias", tensor("1.bias"), false);
    norm.register_buffer("running_mean", tensor("1.running_mean"));
    norm.register_buffer("running_var", tensor("1.running_var"));
    torch::jit::Module layers = make("__torch__.timbre.Block");
    layers.register_module("0", convolution);
    layers.register_module("1", norm);
    root.register_module(name, layers);
  }
  root.define(Source());
  root.eval();
  return root;
}

}  // namespace

absl::Status WriteTorchScript(const weights::TensorMap& encoder, const std::filesystem::path& path) {
  TIMBRE_RETURN_IF_ERROR(CheckShapes(encoder));
  return TorchGuard("writing TorchScript", [&] {
    MakeModule(encoder).save(path.string());
    return absl::OkStatus();
  });
}

}  // namespace timbre::model
