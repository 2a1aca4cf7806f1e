#include "core/probe/knn_probe.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/probe/evaluation.h"
#include "core/probe/features.h"
#include "core/probe/metrics.h"

namespace timbre::probe {
namespace {

constexpr int64_t kQueriesPerProduct = 256;
constexpr double kTemperature = 0.07;

// Rows of length 1, in double: raw embeddings of some encoders differ by less than a float's rounding.
torch::Tensor UnitRows(std::span<const float> rows, int64_t dim) {
  const auto count = static_cast<int64_t>(rows.size()) / dim;
  const torch::Tensor x =
      torch::from_blob(const_cast<float*>(rows.data()), {count, dim}, torch::kFloat32).to(torch::kFloat64);
  return x / x.norm(2, 1, true).clamp_min(1e-300);
}

// One query's shares of [tags], from its cosines to all labelled clips.
std::vector<float> Vote(std::span<const double> cosines, const NeighborVote& vote,
                        std::vector<size_t>& order) {
  const size_t tags = vote.labels.size() / cosines.size();
  const size_t k = std::min(static_cast<size_t>(vote.neighbors), cosines.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto nearer = [&](size_t a, size_t b) {
    return cosines[a] != cosines[b] ? cosines[a] > cosines[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(), nearer);
  std::vector<double> sums(tags, 0.0);
  double total = 0;
  for (size_t i = 0; i < k; ++i) {
    const double weight = std::exp((cosines[order[i]] - cosines[order[0]]) / kTemperature);
    const auto labels = vote.labels.subspan(order[i] * tags, tags);
    for (size_t tag = 0; tag < tags; ++tag) sums[tag] += weight * labels[tag];
    total += weight;
  }
  std::vector<float> shares(tags);
  for (size_t tag = 0; tag < tags; ++tag) shares[tag] = static_cast<float>(sums[tag] / total);
  return shares;
}

absl::Status VoteAll(const NeighborVote& vote, const base::CancelToken& cancel, std::vector<float>& by_tag) {
  const torch::Tensor labelled = UnitRows(vote.labelled, vote.dim).t().contiguous();
  const torch::Tensor queries = UnitRows(vote.queries, vote.dim);
  const auto clips = static_cast<size_t>(labelled.size(1));
  const auto count = static_cast<size_t>(queries.size(0));
  by_tag.resize(vote.labels.size() / clips * count);
  std::vector<size_t> order(clips);
  for (int64_t begin = 0; begin < queries.size(0); begin += kQueriesPerProduct) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    const int64_t end = std::min(begin + kQueriesPerProduct, queries.size(0));
    const torch::Tensor cosines = torch::mm(queries.slice(0, begin, end), labelled).contiguous();
    for (int64_t row = 0; row < end - begin; ++row) {
      const double* values = cosines.data_ptr<double>() + static_cast<size_t>(row) * clips;
      const std::vector<float> shares = Vote({values, clips}, vote, order);
      const auto query = static_cast<size_t>(begin + row);
      for (size_t tag = 0; tag < shares.size(); ++tag) by_tag[tag * count + query] = shares[tag];
    }
  }
  return absl::OkStatus();
}

// The votes with one kind of features.
struct Voted {
  Features features = Features::kRaw;
  ClipScores validation, test;
  double validation_map = -1;
};

class KnnProbe {
 public:
  KnnProbe(const FitAndValidation& parts, const LabeledEmbeddings& test, const ProbeConfig& config,
           const base::CancelToken& cancel)
      : parts_(parts), test_(test), config_(config), cancel_(cancel) {}

  absl::StatusOr<Voted> Run(Features kind) const {
    const auto transform = FeatureTransform::Fit(kind, parts_.fit.embeddings, parts_.fit.dim);
    const std::vector<float> labelled = transform.Apply(parts_.fit.embeddings);
    Voted voted;
    voted.features = kind;
    TIMBRE_ASSIGN_OR_RETURN(voted.validation, ScoresOf(transform, labelled, parts_.validation));
    TIMBRE_ASSIGN_OR_RETURN(voted.test, ScoresOf(transform, labelled, test_));
    voted.validation_map = MeanAveragePrecision(LabelsByTag(parts_.validation), voted.validation.ranking,
                                                static_cast<size_t>(parts_.validation.count))
                               .value_or(kNotDefined);
    return voted;
  }

 private:
  absl::StatusOr<ClipScores> ScoresOf(const FeatureTransform& transform, const std::vector<float>& labelled,
                                      const LabeledEmbeddings& set) const {
    const std::vector<float> queries = transform.Apply(set.embeddings);
    TIMBRE_ASSIGN_OR_RETURN(
        std::vector<float> scores,
        VoteOfNeighbors({labelled, parts_.fit.labels, queries, set.dim, config_.baselines.knn_neighbors},
                        cancel_));
    return ClipScores{scores, scores};
  }

  const FitAndValidation& parts_;
  const LabeledEmbeddings& test_;
  const ProbeConfig& config_;
  const base::CancelToken& cancel_;
};

}  // namespace

absl::StatusOr<std::vector<float>> VoteOfNeighbors(const NeighborVote& vote,
                                                   const base::CancelToken& cancel) {
  std::vector<float> by_tag;
  TIMBRE_RETURN_IF_ERROR(
      model::TorchGuard("asking the nearest clips", [&] { return VoteAll(vote, cancel, by_tag); }));
  return by_tag;
}

absl::StatusOr<ProbeResult> RunKnnProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                        const std::vector<std::string>& tags, const ProbeConfig& config,
                                        const base::CancelToken& cancel) {
  TIMBRE_RETURN_IF_ERROR(ValidateProbeConfig(config));
  TIMBRE_RETURN_IF_ERROR(CheckProbeInput(train, test, tags));
  TIMBRE_ASSIGN_OR_RETURN(const FitAndValidation parts,
                          CutValidation(train, config.validation_ratio, config.seed));
  const KnnProbe probe(parts, test, config, cancel);
  ProbeResult result;
  Voted best;
  const std::vector<Features> kinds = Candidates(config);
  for (const Features kind : kinds) {
    TIMBRE_ASSIGN_OR_RETURN(Voted voted, probe.Run(kind));
    result.validation_map.Of(kind) = voted.validation_map;
    if (kind == kinds.front() || voted.validation_map > best.validation_map) best = std::move(voted);
  }
  result.features = best.features;
  result.train_clips = parts.fit.count;
  result.validation_clips = parts.validation.count;
  result.test_clips = test.count;
  TIMBRE_RETURN_IF_ERROR(
      Evaluate({train, parts.validation, test, best.validation, best.test, tags}, config, cancel, result));
  return result;
}

}  // namespace timbre::probe
