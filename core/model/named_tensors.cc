#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/model/encoder_module.h"
#include "core/model/torch_guard.h"

namespace timbre::model {
namespace {

// Parameters and buffers that carry weights, sharing the module's memory.
std::map<std::string, torch::Tensor> NamedState(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) {
    if (!absl::EndsWith(item.key(), "num_batches_tracked")) state[item.key()] = item.value();
  }
  return state;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

bool IsCentreTapCase(const std::vector<int64_t>& given, const std::vector<int64_t>& wanted) {
  return given.size() == 3 && wanted.size() == 3 && given[0] == wanted[0] && given[1] == wanted[1] &&
         given[2] == 3 && wanted[2] == 1;
}

absl::Status CheckTensor(const std::string& name, const weights::Tensor& given, const torch::Tensor& target) {
  const std::vector<int64_t> wanted = target.sizes().vec();
  if (given.shape != wanted && !IsCentreTapCase(given.shape, wanted)) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has shape ", ShapeText(given.shape),
                                                   "; the model needs ", ShapeText(wanted)));
  }
  if (given.size() != static_cast<int64_t>(given.values.size())) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has ", given.values.size(),
                                                   " values, its shape needs ", given.size()));
  }
  return absl::OkStatus();
}

absl::Status CheckAll(const weights::TensorMap& tensors, const std::map<std::string, torch::Tensor>& state) {
  for (const auto& [name, target] : state) {
    auto found = tensors.find(name);
    if (found == tensors.end())
      return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing"));
    TIMBRE_RETURN_IF_ERROR(CheckTensor(name, found->second, target));
  }
  for (const auto& [name, unused] : tensors) {
    if (!state.contains(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", name, " is unknown to the model, which has ", state.size(),
                       " tensors named like ", state.empty() ? std::string("none") : state.begin()->first));
    }
  }
  return absl::OkStatus();
}

}  // namespace

weights::TensorMap ExportTensors(const torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  weights::TensorMap tensors;
  for (const auto& [name, value] : NamedState(module)) {
    const torch::Tensor copy = value.detach().to(torch::kCPU, torch::kFloat).contiguous();
    weights::Tensor& out = tensors[name];
    out.shape = copy.sizes().vec();
    out.values.assign(copy.data_ptr<float>(), copy.data_ptr<float>() + copy.numel());
  }
  return tensors;
}

absl::Status ImportTensors(const weights::TensorMap& tensors, torch::nn::Module& module) {
  return TorchGuard("importing weights", [&] {
    torch::NoGradGuard no_grad;
    auto state = NamedState(module);
    TIMBRE_RETURN_IF_ERROR(CheckAll(tensors, state));
    for (auto& [name, target] : state) {
      const weights::Tensor& given = tensors.at(name);
      torch::Tensor values =
          torch::from_blob(const_cast<float*>(given.values.data()), given.shape, torch::kFloat);
      if (given.shape != target.sizes().vec()) values = values.narrow(2, 1, 1);
      target.copy_(values);
    }
    return absl::OkStatus();
  });
}

}  // namespace timbre::model
