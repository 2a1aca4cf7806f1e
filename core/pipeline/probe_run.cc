#include "core/pipeline/probe_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/pipeline/clip_embeddings.h"
#include "core/pipeline/clip_log_mel.h"
#include "core/probe/head_probe.h"
#include "core/probe/knn_probe.h"

namespace timbre::pipeline {
namespace {

constexpr int64_t kBatchWindows = 16;
constexpr int64_t kReportsPerPhase = 20;

using OnProgress = std::function<void(const ProbeProgress&)>;

// Passes on the first, the last and about kReportsPerPhase steps of a phase: each becomes a durable event.
std::function<void(int64_t, int64_t)> Thinned(const std::string& phase, const OnProgress& on_progress) {
  return [phase, &on_progress, last = int64_t{-1}](int64_t done, int64_t total) mutable {
    const int64_t part = done * kReportsPerPhase / std::max<int64_t>(total, 1);
    if (part == last || !on_progress) return;
    last = part;
    on_progress({phase, done, total});
  };
}

absl::Status CheckTags(const dataset::ClipDataset& train, const dataset::ClipDataset& test) {
  if (train.tags().empty() || test.tags().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the ", train.tags().empty() ? "train" : "test",
        " data set has no tags; a probe needs an annotations.csv with one 0/1 column per tag in both"));
  }
  if (train.tags() != test.tags()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the data sets have different tags; they must be the same, in the same order: train has ",
        absl::StrJoin(train.tags(), ","), ", test has ", absl::StrJoin(test.tags(), ",")));
  }
  return absl::OkStatus();
}

absl::Status CheckTracks(const dataset::ClipDataset& train, const dataset::ClipDataset& test) {
  std::set<std::string> train_tracks;
  for (const dataset::Clip& clip : train.clips()) train_tracks.insert(clip.track_id);
  std::set<std::string> shared;
  for (const dataset::Clip& clip : test.clips()) {
    if (train_tracks.contains(clip.track_id)) shared.insert(clip.track_id);
  }
  if (shared.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(shared.size(), " track(s) have clips in both data sets, '", *shared.begin(),
                   "' for one, so the test would not be honest; split train and test by track"));
}

// Train and test as a probe sees them.
struct Embedded {
  probe::LabeledEmbeddings train;
  probe::LabeledEmbeddings test;
};

ClipMap ToClipMap(const probe::EmbeddingMap& map, const probe::LabeledEmbeddings& test) {
  ClipMap clips;
  clips.explained_variance_ratios = map.explained_variance_ratios;
  clips.test_clips = test.count;
  const size_t tags = test.labels.size() / static_cast<size_t>(test.count);
  for (const probe::MapPoint& point : map.points) {
    const auto labels = test.labels.begin() + static_cast<std::ptrdiff_t>(point.clip * tags);
    clips.clips.push_back(
        {test.paths[point.clip], point.x, point.y, {labels, labels + static_cast<std::ptrdiff_t>(tags)}});
  }
  return clips;
}

// The baselines get the better of raw and standardised, whatever the head of the trained encoder is held to:
// with less they would flatter it.
probe::ProbeConfig BaselineConfig(probe::ProbeConfig config) {
  config.features.reset();
  return config;
}

// The probes of one run, on the same two data sets.
class ProbeRun {
 public:
  ProbeRun(const dataset::ClipDataset& train, const dataset::ClipDataset& test,
           const probe::ProbeConfig& config, const base::CancelToken& cancel, const OnProgress& on_progress)
      : train_(train), test_(test), config_(config), cancel_(cancel), on_progress_(on_progress) {}

  // The trained encoder, and what else is judged in its space.
  absl::Status Trained(engine::Encoder& encoder, ProbeFindings& findings) const {
    TIMBRE_ASSIGN_OR_RETURN(const Embedded embedded, Embed(encoder, "trained"));
    TIMBRE_ASSIGN_OR_RETURN(findings.trained, Fit(embedded, config_, "trained"));
    findings.test_tracks = static_cast<int64_t>(
        std::set<std::string>(embedded.test.track_ids.begin(), embedded.test.track_ids.end()).size());
    if (config_.baselines.knn) {
      Thinned("vote of neighbours", on_progress_)(0, 1);
      TIMBRE_ASSIGN_OR_RETURN(
          findings.knn, probe::RunKnnProbe(embedded.train, embedded.test, train_.tags(), config_, cancel_));
    }
    TIMBRE_ASSIGN_OR_RETURN(findings.label_fractions,
                            probe::RunLabelFractions(embedded.train, embedded.test, train_.tags(), config_,
                                                     cancel_, Thinned("fit label fractions", on_progress_)));
    if (config_.map_points == 0) return absl::OkStatus();
    TIMBRE_ASSIGN_OR_RETURN(const auto map,
                            probe::MapEmbeddings(embedded.test, config_.map_points, config_.seed));
    findings.map = ToClipMap(map, embedded.test);
    return absl::OkStatus();
  }

  absl::StatusOr<probe::ProbeResult> Untrained(engine::Encoder& encoder) const {
    TIMBRE_ASSIGN_OR_RETURN(const Embedded embedded, Embed(encoder, "untrained"));
    return Fit(embedded, BaselineConfig(config_), "untrained");
  }

  absl::StatusOr<probe::ProbeResult> LogMel() const {
    Embedded embedded;
    TIMBRE_ASSIGN_OR_RETURN(embedded.train,
                            LogMelOfLabeledClips(train_, cancel_, Thinned("log-mel train", on_progress_)));
    TIMBRE_ASSIGN_OR_RETURN(embedded.test,
                            LogMelOfLabeledClips(test_, cancel_, Thinned("log-mel test", on_progress_)));
    return Fit(embedded, BaselineConfig(config_), "log-mel");
  }

 private:
  absl::StatusOr<Embedded> Embed(engine::Encoder& encoder, const std::string& name) const {
    const auto embed = [&](const dataset::ClipDataset& dataset, const char* part) {
      return EmbedLabeledClips(dataset, encoder, kBatchWindows, cancel_,
                               Thinned(absl::StrCat("embed ", name, " ", part), on_progress_));
    };
    Embedded embedded;
    TIMBRE_ASSIGN_OR_RETURN(embedded.train, embed(train_, "train"));
    TIMBRE_ASSIGN_OR_RETURN(embedded.test, embed(test_, "test"));
    return embedded;
  }

  absl::StatusOr<probe::ProbeResult> Fit(const Embedded& embedded, const probe::ProbeConfig& config,
                                         const std::string& name) const {
    return probe::RunHeadProbe(embedded.train, embedded.test, train_.tags(), config, cancel_,
                               Thinned(absl::StrCat("fit ", name), on_progress_));
  }

  const dataset::ClipDataset& train_;
  const dataset::ClipDataset& test_;
  const probe::ProbeConfig& config_;
  const base::CancelToken& cancel_;
  const OnProgress& on_progress_;
};

registry::Tagger MakeTagger(const ProbeRunRequest& request, const ProbeFindings& findings,
                            std::string evaluation) {
  registry::Tagger tagger;
  tagger.tags = findings.tags;
  tagger.job = request.job;
  tagger.mean_average_precision = findings.trained.mean_average_precision;
  tagger.mean_roc_auc = findings.trained.mean_roc_auc;
  tagger.evaluation = std::move(evaluation);
  return tagger;
}

}  // namespace

absl::StatusOr<ProbeRunResult> RunProbe(const ProbeRunRequest& request, const dataset::ClipDataset& train,
                                        const dataset::ClipDataset& test, registry::ModelStore& models,
                                        const base::CancelToken& cancel, const OnProgress& on_progress,
                                        const EvaluationBytes& evaluation_bytes) {
  TIMBRE_RETURN_IF_ERROR(probe::ValidateProbeConfig(request.config));
  TIMBRE_RETURN_IF_ERROR(CheckTags(train, test));
  TIMBRE_RETURN_IF_ERROR(CheckTracks(train, test));
  TIMBRE_ASSIGN_OR_RETURN(const registry::Version version, models.GetVersion(request.model, request.version));
  const std::string& layer =
      request.config.embedding_layer.empty() ? version.card.embedding_layer : request.config.embedding_layer;
  const ProbeRun run(train, test, request.config, cancel, on_progress);
  ProbeRunResult result;
  ProbeFindings& findings = result.findings;
  findings.tags = train.tags();
  findings.bootstrap = request.config.bootstrap;
  {
    TIMBRE_ASSIGN_OR_RETURN(const auto encoder, OpenEncoder(models, version, layer, request.encoder));
    TIMBRE_RETURN_IF_ERROR(run.Trained(*encoder, findings));
  }
  if (request.config.baselines.untrained) {
    TIMBRE_ASSIGN_OR_RETURN(const auto encoder, OpenUntrainedEncoder(models, version, layer,
                                                                     request.config.seed, request.encoder));
    TIMBRE_ASSIGN_OR_RETURN(findings.untrained, run.Untrained(*encoder));
  }
  if (request.config.baselines.log_mel) {
    TIMBRE_ASSIGN_OR_RETURN(findings.log_mel, run.LogMel());
  }
  TIMBRE_RETURN_IF_ERROR(cancel.Check());
  if (layer != version.card.embedding_layer) return result;  // a tagger takes the embeddings that are served
  const registry::Tagger tagger = MakeTagger(request, findings, evaluation_bytes(findings));
  TIMBRE_ASSIGN_OR_RETURN(result.tagger,
                          models.AddTagger(request.model, request.version, tagger, findings.trained.head));
  return result;
}

}  // namespace timbre::pipeline
