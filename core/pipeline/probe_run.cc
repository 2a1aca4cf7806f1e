#include "core/pipeline/probe_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/engine/torch_encoder.h"
#include "core/pipeline/clip_embeddings.h"

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

// The probe of one encoder: embeds both data sets and fits the head.
class EncoderProbe {
 public:
  EncoderProbe(const dataset::ClipDataset& train, const dataset::ClipDataset& test,
               const probe::ProbeConfig& config, const base::CancelToken& cancel,
               const OnProgress& on_progress)
      : train_(train), test_(test), config_(config), cancel_(cancel), on_progress_(on_progress) {}

  absl::StatusOr<probe::ProbeResult> Run(engine::Encoder& encoder, const std::string& name) const {
    TIMBRE_ASSIGN_OR_RETURN(const auto train, Embed(train_, encoder, absl::StrCat("embed ", name, " train")));
    TIMBRE_ASSIGN_OR_RETURN(const auto test, Embed(test_, encoder, absl::StrCat("embed ", name, " test")));
    return probe::RunLinearProbe(train, test, train_.tags(), config_, cancel_,
                                 Thinned(absl::StrCat("fit ", name), on_progress_));
  }

 private:
  absl::StatusOr<probe::LabeledEmbeddings> Embed(const dataset::ClipDataset& dataset,
                                                 engine::Encoder& encoder, const std::string& phase) const {
    return EmbedLabeledClips(dataset, encoder, kBatchWindows, cancel_, Thinned(phase, on_progress_));
  }

  const dataset::ClipDataset& train_;
  const dataset::ClipDataset& test_;
  const probe::ProbeConfig& config_;
  const base::CancelToken& cancel_;
  const OnProgress& on_progress_;
};

registry::Tagger MakeTagger(const ProbeRunRequest& request, const dataset::ClipDataset& train,
                            const probe::ProbeResult& trained, std::string evaluation) {
  registry::Tagger tagger;
  tagger.tags = train.tags();
  tagger.job = request.job;
  tagger.mean_average_precision = trained.mean_average_precision;
  tagger.mean_roc_auc = trained.mean_roc_auc;
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
  TIMBRE_ASSIGN_OR_RETURN(const weights::TensorMap tensors,
                          models.ReadEncoder(request.model, request.version));
  // The raw embeddings of an untrained encoder differ by about 1e-5 only, which bf16 cannot tell apart.
  const engine::TorchEncoderOptions options = {.architecture = version.card.architecture,
                                               .device = request.device,
                                               .precision = "fp32",
                                               .max_batch = kBatchWindows};
  const EncoderProbe probe(train, test, request.config, cancel, on_progress);
  ProbeRunResult result;
  {
    TIMBRE_ASSIGN_OR_RETURN(const auto encoder, engine::MakeTorchEncoder(tensors, options));
    TIMBRE_ASSIGN_OR_RETURN(result.trained, probe.Run(*encoder, "trained"));
  }
  {
    TIMBRE_ASSIGN_OR_RETURN(const auto encoder,
                            engine::MakeUntrainedTorchEncoder(request.config.seed, options));
    TIMBRE_ASSIGN_OR_RETURN(result.untrained, probe.Run(*encoder, "untrained"));
  }
  TIMBRE_RETURN_IF_ERROR(cancel.Check());
  const registry::Tagger tagger =
      MakeTagger(request, train, result.trained, evaluation_bytes(result.trained, result.untrained));
  TIMBRE_ASSIGN_OR_RETURN(result.tagger,
                          models.AddTagger(request.model, request.version, tagger, result.trained.head));
  return result;
}

}  // namespace timbre::pipeline
