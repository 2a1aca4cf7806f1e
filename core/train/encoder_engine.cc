#include "core/train/encoder_engine.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::train {
namespace {

using torch::Tensor;

// The trained tensors of block `n` (from 1), in the order of the function's arguments.
constexpr const char* kTrained[] = {"0.weight", "0.bias", "1.weight", "1.bias"};
constexpr size_t kTrainedCount = std::size(kTrained);

std::string NameOf(size_t block, const char* tensor) { return absl::StrCat("conv", block + 1, ".", tensor); }

float* Data(const Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == torch::kFloat && tensor.is_cpu(),
              "the training engine takes contiguous fp32 tensors on the CPU");
  return tensor.data_ptr<float>();
}

template <typename Value>
Value OrThrow(absl::StatusOr<Value> value) {
  TORCH_CHECK(value.ok(), "training engine: ", std::string(value.status().message()));
  return *std::move(value);
}

}  // namespace

// One forward pass, until its backward pass is done.
struct EncodePass final : torch::CustomClassHolder {
  std::shared_ptr<EncoderEngine> engine;
  Tensor windows;
  std::vector<Tensor> masks;
  std::vector<Tensor> running;  // mean, variance of each block
  std::unique_ptr<train_engine::TrainEngine::Tape> tape;

  train_engine::Batch batch() const {
    train_engine::Batch batch{.windows = Data(windows), .count = windows.size(0)};
    for (const Tensor& mask : masks) batch.masks.push_back(mask.defined() ? Data(mask) : nullptr);
    return batch;
  }
};
using PassPointer = c10::intrusive_ptr<EncodePass>;

class EncodeFunction final : public torch::autograd::Function<EncodeFunction> {
 public:
  static Tensor Compute(const PassPointer& pass, at::TensorList trained, bool keep) {
    std::vector<train_engine::BlockParameters> parameters;
    for (size_t i = 0; i < trained.size() / kTrainedCount; ++i) {
      const Tensor* block = &trained[i * kTrainedCount];
      parameters.push_back({.weight = Data(block[0]),
                            .bias = Data(block[1]),
                            .gamma = Data(block[2]),
                            .beta = Data(block[3]),
                            .running_mean = Data(pass->running[2 * i]),
                            .running_var = Data(pass->running[2 * i + 1])});
    }
    Tensor out = torch::empty({pass->windows.size(0), pass->engine->shape_.embedding_dim()});
    pass->tape = OrThrow(pass->engine->engine_->Forward(parameters, pass->batch(), keep, Data(out)));
    return out;
  }

  static Tensor forward(torch::autograd::AutogradContext* context, const PassPointer& pass,
                        at::TensorList trained) {
    context->saved_data["pass"] = c10::IValue::make_capsule(pass);
    return Compute(pass, trained, /*keep=*/true);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const auto holder = context->saved_data["pass"].toCapsule();
    auto& pass = static_cast<EncodePass&>(*holder);
    TORCH_CHECK(pass.tape != nullptr, "the training engine's backward pass may run once");
    torch::autograd::variable_list all(1);  // the pass itself has no gradient
    std::vector<train_engine::BlockGradients> gradients;
    for (const train_engine::BlockShape& block : pass.engine->shape_.blocks) {
      const int64_t out = block.out_channels;
      const Tensor weight = torch::empty({out, block.in_channels, block.kernel}), bias = torch::empty({out}),
                   gamma = torch::empty({out}), beta = torch::empty({out});
      gradients.push_back({Data(weight), Data(bias), Data(gamma), Data(beta)});
      all.insert(all.end(), {weight, bias, gamma, beta});
    }
    const Tensor slope = outputs[0].to(torch::kFloat).contiguous();
    const absl::Status done =
        pass.engine->engine_->Backward(std::move(pass.tape), pass.batch(), Data(slope), gradients);
    TORCH_CHECK(done.ok(), "training engine: ", std::string(done.message()));
    return all;
  }
};

EncoderEngine::EncoderEngine(const train_engine::NetworkShape& shape, bool bf16)
    : shape_(shape),
      engine_(train_engine::TrainEngine::Create(shape, {.bf16 = bf16, .threads = torch::get_num_threads()})) {
}

absl::StatusOr<std::shared_ptr<EncoderEngine>> EncoderEngine::Create(model::EncoderModule& encoder,
                                                                     bool bf16) {
  const auto tensors = encoder.named_parameters();
  std::vector<std::array<int64_t, 3>> weights;
  while (const Tensor* weight = tensors.find(NameOf(weights.size(), "0.weight"))) {
    if (weight->dim() != 3)
      return absl::InvalidArgumentError("the encoder has no one-dimensional convolutions");
    weights.push_back({weight->size(0), weight->size(1), weight->size(2)});
  }
  TIMBRE_ASSIGN_OR_RETURN(const train_engine::NetworkShape shape, train_engine::ShapeOf(weights));
  if (shape.window_samples != encoder.window_samples()) {
    return absl::InvalidArgumentError(absl::StrCat("an encoder of ", weights.size(),
                                                   " blocks takes windows of ", shape.window_samples,
                                                   " samples, this one of ", encoder.window_samples()));
  }
  if (bf16 && !train_engine::TrainEngine::RunsInBf16()) {
    return absl::InvalidArgumentError(
        "precision is bf16, which Timbre's engine computes on CPUs with AVX-512; set it to fp32, or "
        "train_engine to torch");
  }
  return std::shared_ptr<EncoderEngine>(new EncoderEngine(shape, bf16));
}

Tensor EncoderEngine::Forward(model::EncoderModule& encoder, const Tensor& windows) {
  TORCH_CHECK(encoder.is_training(), "the training engine computes encoders in train mode");
  TORCH_CHECK(windows.dim() == 3 && windows.size(1) == 1 && windows.size(2) == shape_.window_samples,
              "SampleCNN takes windows of shape [N, 1, ", shape_.window_samples, "], got ", windows.sizes());
  const auto pass = c10::make_intrusive<EncodePass>();
  pass->engine = shared_from_this();
  pass->windows = windows.contiguous();
  pass->masks = encoder.DrawDropout(windows.size(0));
  const auto parameters = encoder.named_parameters();
  const auto buffers = encoder.named_buffers();
  std::vector<Tensor> trained;
  bool wanted = false;
  for (size_t i = 0; i < shape_.blocks.size(); ++i) {
    for (const char* name : kTrained) {
      trained.push_back(parameters[NameOf(i, name)]);
      wanted = wanted || trained.back().requires_grad();
    }
    for (const char* name : {"1.running_mean", "1.running_var"}) {
      pass->running.push_back(buffers[NameOf(i, name)]);
    }
    Tensor(buffers[NameOf(i, "1.num_batches_tracked")]).add_(1);
  }
  if (!wanted || !torch::GradMode::is_enabled()) {
    return EncodeFunction::Compute(pass, trained, /*keep=*/false);
  }
  return EncodeFunction::apply(pass, at::TensorList(trained));
}

}  // namespace timbre::train
