#include "core/engine/torch_encoder.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "core/model/encoder_module.h"
#include "core/model/torch_compat.h"
#include "core/model/torch_guard.h"

namespace timbre::engine {
namespace {

struct Placement {
  model::Device chosen;
  bool bf16 = false;
  int64_t max_batch = 16;

  torch::Device device() const {
    return chosen.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(chosen.index))
                       : torch::Device(torch::kCPU);
  }
};

class TorchEncoder final : public Encoder {
 public:
  TorchEncoder(std::shared_ptr<model::EncoderModule> module, const Placement& placement)
      : module_(std::move(module)),
        placement_(placement),
        window_samples_(module_->window_samples()),
        embedding_dim_(module_->embedding_dim()) {}

  absl::Status Encode(std::span<const float> windows, int64_t count, std::span<float> out) override {
    if (count < 1 || static_cast<int64_t>(windows.size()) != count * window_samples_ ||
        static_cast<int64_t>(out.size()) != count * embedding_dim_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Encode got ", windows.size(), " samples and room for ", out.size(), " numbers for ", count,
          " windows; each window has ", window_samples_, " samples and ", embedding_dim_, " numbers"));
    }
    return model::TorchGuard("encoding windows", [&] {
      for (int64_t done = 0; done < count; done += placement_.max_batch) {
        const int64_t piece = std::min(placement_.max_batch, count - done);
        EncodePiece(windows.data() + done * window_samples_, piece, out.data() + done * embedding_dim_);
      }
      return absl::OkStatus();
    });
  }

  int64_t window_samples() const override { return window_samples_; }
  int64_t embedding_dim() const override { return embedding_dim_; }
  std::string description() const override {
    return absl::StrCat("libtorch ", model::TorchVersion(), " ", placement_.chosen.name(),
                        placement_.bf16 ? " bf16" : " fp32");
  }

 private:
  void EncodePiece(const float* windows, int64_t count, float* out) {
    const torch::InferenceMode inference;
    const torch::Tensor input =
        torch::from_blob(const_cast<float*>(windows), {count, 1, window_samples_}, torch::kFloat);
    torch::Tensor embeddings;
    {
      // One forward at a time: LibTorch's own threads are the parallelism, and two of them would only share
      // it.
      base::MutexLock lock(mutex_);
      const model::AutocastGuard autocast(placement_.device(), placement_.bf16);
      embeddings = module_->forward(input.to(placement_.device()));
    }
    embeddings = embeddings.to(torch::kCPU, torch::kFloat).contiguous();
    std::copy_n(embeddings.data_ptr<float>(), count * embedding_dim_, out);
  }

  base::Mutex mutex_;
  const std::shared_ptr<model::EncoderModule> module_;
  const Placement placement_;
  const int64_t window_samples_;
  const int64_t embedding_dim_;
};

absl::StatusOr<Placement> Place(const TorchEncoderOptions& options) {
  Placement placement;
  TIMBRE_ASSIGN_OR_RETURN(placement.chosen, model::ChooseDevice(options.device));
  if (options.precision != "fp32" && options.precision != "bf16" && options.precision != "auto") {
    return absl::InvalidArgumentError(
        absl::StrCat("precision is \"", options.precision, "\"; it must be fp32, bf16 or auto"));
  }
  if (options.max_batch < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_batch is ", options.max_batch, "; it must be at least 1"));
  }
  placement.bf16 =
      options.precision == "bf16" || (options.precision == "auto" && model::HasFastBf16(placement.chosen));
  placement.max_batch = options.max_batch;
  return placement;
}

absl::StatusOr<std::shared_ptr<Encoder>> Load(std::shared_ptr<model::EncoderModule> module,
                                              const Placement& placement) {
  std::shared_ptr<Encoder> encoder;
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("loading an encoder", [&] {
    module->eval();
    for (torch::Tensor& parameter : module->parameters()) parameter.set_requires_grad(false);
    module->to(placement.device());
    encoder = std::make_shared<TorchEncoder>(std::move(module), placement);
    return absl::OkStatus();
  }));
  return encoder;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Encoder>> MakeTorchEncoder(const weights::TensorMap& tensors,
                                                          const TorchEncoderOptions& options) {
  TIMBRE_ASSIGN_OR_RETURN(const Placement placement, Place(options));
  TIMBRE_ASSIGN_OR_RETURN(auto module, model::MakeEncoder({.architecture = options.architecture}));
  TIMBRE_RETURN_IF_ERROR(model::ImportTensors(tensors, *module));
  return Load(std::move(module), placement);
}

absl::StatusOr<std::shared_ptr<Encoder>> MakeUntrainedTorchEncoder(uint64_t seed,
                                                                   const TorchEncoderOptions& options) {
  TorchEncoderOptions fp32 = options;
  fp32.precision = "fp32";
  TIMBRE_ASSIGN_OR_RETURN(const Placement placement, Place(fp32));
  TIMBRE_ASSIGN_OR_RETURN(auto module,
                          model::MakeEncoder({.architecture = options.architecture, .seed = seed}));
  return Load(std::move(module), placement);
}

}  // namespace timbre::engine
