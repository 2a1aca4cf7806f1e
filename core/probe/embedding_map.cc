#include "core/probe/embedding_map.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/probe/shuffle.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kPointStream = 6;

std::vector<size_t> ChooseClips(int64_t count, int64_t max_points, uint64_t seed) {
  std::vector<size_t> clips(static_cast<size_t>(count));
  std::iota(clips.begin(), clips.end(), size_t{0});
  if (count <= max_points) return clips;
  base::Random random({seed, kPointStream});
  Shuffle(clips, random);
  clips.resize(static_cast<size_t>(max_points));
  std::sort(clips.begin(), clips.end());
  return clips;
}

// Coordinates [count, 2] on the two first principal components.
torch::Tensor Project(const LabeledEmbeddings& set, EmbeddingMap& map) {
  auto* values = const_cast<float*>(set.embeddings.data());
  torch::Tensor x = torch::from_blob(values, {set.count, set.dim}, torch::kFloat32).to(torch::kFloat64);
  x = x - x.mean(0, true);
  const torch::Tensor covariance = torch::mm(x.t(), x) / static_cast<double>(set.count);
  const auto [variances, vectors] = torch::linalg_eigh(covariance, "L");  // ascending
  const double total = variances.clamp_min(0).sum().item<double>();
  torch::Tensor coordinates = torch::zeros({set.count, 2}, torch::kFloat64);
  for (int64_t i = 0; i < std::min<int64_t>(2, set.dim); ++i) {
    const int64_t component = set.dim - 1 - i;
    const double variance = variances[component].item<double>();
    if (!(variance > 0)) continue;
    const torch::Tensor vector = vectors.select(1, component);
    const double sign = vector[vector.abs().argmax()].item<double>() < 0 ? -1 : 1;
    coordinates.select(1, i).copy_(torch::mv(x, vector) * sign);
    map.explained_variance_ratios[static_cast<size_t>(i)] = variance / total;
  }
  return coordinates.to(torch::kFloat32).contiguous();
}

}  // namespace

absl::StatusOr<EmbeddingMap> MapEmbeddings(const LabeledEmbeddings& set, int64_t max_points, uint64_t seed) {
  EmbeddingMap map;
  const auto run = [&] {
    const torch::NoGradGuard no_grad;
    const torch::Tensor coordinates = Project(set, map);
    const float* xy = coordinates.data_ptr<float>();
    for (const size_t clip : ChooseClips(set.count, max_points, seed)) {
      map.points.push_back({clip, xy[2 * clip], xy[2 * clip + 1]});
    }
    return absl::OkStatus();
  };
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("mapping the embeddings", run));
  return map;
}

}  // namespace timbre::probe
