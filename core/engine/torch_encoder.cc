#include "core/engine/torch_encoder.h"

#include <torch/torch.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "core/model/encoder_module.h"
#include "core/model/projector.h"
#include "core/model/torch_compat.h"
#include "core/model/torch_guard.h"
#include "core/weights/embedding_layer.h"

namespace timbre::engine {
namespace {

struct Placement {
  model::Device chosen;
  bool bf16 = false;
  int64_t max_batch = 16;
  bool fixed_batches = false;

  torch::Device device() const {
    return chosen.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(chosen.index))
                       : torch::Device(torch::kCPU);
  }
};

// The encoder, and as much of the projector as the embedding needs.
struct Network {
  std::shared_ptr<model::EncoderModule> encoder;
  model::Projector projector{nullptr};
  int64_t layer = 0;  // of the projector; 0: the encoder's output
  int64_t embedding_dim = 0;

  torch::Tensor Forward(const torch::Tensor& windows) {
    const torch::Tensor embeddings = encoder->forward(windows);
    return layer == 0 ? embeddings : projector->ForwardTo(layer, embeddings);
  }

  void Freeze(torch::Device device) {
    Freeze(*encoder, device);
    if (layer > 0) Freeze(*projector, device);
  }

 private:
  static void Freeze(torch::nn::Module& module, torch::Device device) {
    module.eval();
    for (torch::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
    module.to(device);
  }
};

class TorchEncoder final : public Encoder {
 public:
  TorchEncoder(Network network, const Placement& placement)
      : network_(std::move(network)),
        placement_(placement),
        window_samples_(network_.encoder->window_samples()),
        embedding_dim_(network_.embedding_dim) {}

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
    torch::Tensor input =
        torch::from_blob(const_cast<float*>(windows), {count, 1, window_samples_}, torch::kFloat);
    if (const int64_t silent = BatchOf(count) - count; silent > 0)
      input = torch::constant_pad_nd(input, {0, 0, 0, 0, 0, silent});
    torch::Tensor embeddings;
    {
      // One forward at a time: LibTorch's own threads are the parallelism, and two of them would only share
      // it.
      base::MutexLock lock(mutex_);
      const model::AutocastGuard autocast(placement_.device(), placement_.bf16);
      embeddings = network_.Forward(input.to(placement_.device()));
    }
    embeddings = embeddings.to(torch::kCPU, torch::kFloat).contiguous();
    std::copy_n(embeddings.data_ptr<float>(), count * embedding_dim_, out);
  }

  // The windows of the batch that holds `count`.
  int64_t BatchOf(int64_t count) const {
    if (!placement_.fixed_batches) return count;
    return std::min(static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(count))), placement_.max_batch);
  }

  base::Mutex mutex_;
  Network network_;
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
  placement.fixed_batches = options.fixed_batches || placement.chosen.cuda;
  return placement;
}

absl::StatusOr<std::shared_ptr<Encoder>> Load(Network network, const Placement& placement) {
  std::shared_ptr<Encoder> encoder;
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("loading an encoder", [&] {
    network.Freeze(placement.device());
    encoder = std::make_shared<TorchEncoder>(std::move(network), placement);
    return absl::OkStatus();
  }));
  return encoder;
}

// The network of `encoder` up to a layer, its projector not yet made.
absl::StatusOr<Network> UpTo(const std::string& layer, std::shared_ptr<model::EncoderModule> encoder,
                             const weights::TensorMap& projector) {
  Network network;
  network.encoder = std::move(encoder);
  TIMBRE_ASSIGN_OR_RETURN(network.layer, weights::ParseEmbeddingLayer(layer));
  TIMBRE_ASSIGN_OR_RETURN(network.embedding_dim,
                          weights::LayerDim(layer, network.encoder->embedding_dim(), projector));
  return network;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Encoder>> MakeTorchEncoder(const weights::TensorMap& tensors,
                                                          const TorchEncoderOptions& options,
                                                          const weights::TensorMap& projector) {
  TIMBRE_ASSIGN_OR_RETURN(const Placement placement, Place(options));
  TIMBRE_ASSIGN_OR_RETURN(auto module, model::MakeEncoder({.architecture = options.architecture}));
  TIMBRE_RETURN_IF_ERROR(model::ImportTensors(tensors, *module));
  TIMBRE_ASSIGN_OR_RETURN(Network network, UpTo(options.embedding_layer, std::move(module), projector));
  if (network.layer > 0) {
    TIMBRE_ASSIGN_OR_RETURN(network.projector, model::ProjectorOf(projector));
  }
  return Load(std::move(network), placement);
}

}  // namespace timbre::engine
