#include "core/probe/head_probe.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"
#include "core/probe/evaluation.h"
#include "core/probe/features.h"
#include "core/probe/head_fit.h"
#include "core/weights/tag_head.h"

namespace timbre::probe {
namespace {

// The best fit over the kinds of features, with the features folded into the head.
struct Chosen {
  HeadFit fit;
  Features features = Features::kRaw;
};

absl::StatusOr<Chosen> FitBest(const FitAndValidation& parts, const ProbeConfig& config,
                               const base::CancelToken& cancel, const OnEpoch& on_epoch,
                               ValidationMaps& maps) {
  const std::vector<Features> kinds = Candidates(config);
  const auto total = static_cast<int64_t>(kinds.size()) * config.max_epochs;
  Chosen best;
  for (size_t i = 0; i < kinds.size(); ++i) {
    const auto transform = FeatureTransform::Fit(kinds[i], parts.fit.embeddings, parts.fit.dim);
    const LabeledFeatures fit = {transform.Apply(parts.fit.embeddings), parts.fit.labels};
    const LabeledFeatures validation = {transform.Apply(parts.validation.embeddings),
                                        parts.validation.labels};
    const auto tags = static_cast<int64_t>(fit.labels.size()) / parts.fit.count;
    const auto report = [&, before = static_cast<int64_t>(i) * config.max_epochs](int64_t epoch) {
      if (on_epoch) on_epoch(before + epoch, total);
    };
    TIMBRE_ASSIGN_OR_RETURN(HeadFit fitted,
                            FitHead({fit, validation, parts.fit.dim, tags}, config, cancel, report));
    maps.Of(kinds[i]) = fitted.score.mean_average_precision.value_or(kNotDefined);
    if (i > 0 && !fitted.score.BetterThan(best.fit.score)) continue;
    best = {std::move(fitted), kinds[i]};
    best.fit.head = transform.Fold(std::move(best.fit.head));
  }
  return best;
}

ClipScores ScoresOf(const weights::TagHead& head, const LabeledEmbeddings& set) {
  ClipScores scores;
  scores.ranking = head.LogitsByTag(set.embeddings);
  scores.probabilities.resize(scores.ranking.size());
  std::transform(scores.ranking.begin(), scores.ranking.end(), scores.probabilities.begin(),
                 weights::ToProbability);
  return scores;
}

}  // namespace

absl::StatusOr<ProbeResult> RunHeadProbe(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                         const std::vector<std::string>& tags, const ProbeConfig& config,
                                         const base::CancelToken& cancel, const OnEpoch& on_epoch) {
  TIMBRE_RETURN_IF_ERROR(ValidateProbeConfig(config));
  TIMBRE_RETURN_IF_ERROR(CheckProbeInput(train, test, tags));
  TIMBRE_ASSIGN_OR_RETURN(const FitAndValidation parts,
                          CutValidation(train, config.validation_ratio, config.seed));
  ProbeResult result;
  TIMBRE_ASSIGN_OR_RETURN(Chosen chosen, FitBest(parts, config, cancel, on_epoch, result.validation_map));
  result.features = chosen.features;
  result.epochs = chosen.fit.epochs;
  result.train_clips = parts.fit.count;
  result.validation_clips = parts.validation.count;
  result.test_clips = test.count;
  weights::TagHead& head = chosen.fit.head;
  const ClipScores validation_scores = ScoresOf(head, parts.validation);
  const ClipScores test_scores = ScoresOf(head, test);
  TIMBRE_RETURN_IF_ERROR(Evaluate({train, parts.validation, test, validation_scores, test_scores, tags},
                                  config, cancel, result));
  for (const TagResult& tag : result.tags) head.thresholds.push_back(tag.threshold);
  result.head = weights::TagHeadToTensors(head);
  return result;
}

}  // namespace timbre::probe
