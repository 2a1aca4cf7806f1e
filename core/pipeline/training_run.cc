#include "core/pipeline/training_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/dataset/view_loader.h"
#include "core/model/architecture.h"
#include "core/model/device.h"
#include "core/train/trainer.h"
#include "core/weights/embedding_layer.h"

namespace timbre::pipeline {
namespace {

dataset::ViewLoader::Options LoaderOptions(const TrainingRunRequest& request, int64_t first_batch) {
  dataset::ViewLoader::Options options;
  options.sampler = {.seed = request.config.seed,
                     .batch_tracks = request.config.batch_tracks,
                     .views = static_cast<int>(request.config.views),
                     .crop_samples = audio::kWindowSamples,
                     .unit = request.config.batch_unit};
  options.chain = request.config.chain;
  options.first_step = first_batch;
  options.workers = request.runtime.loader_workers;
  options.batches_ahead = request.runtime.loader_workers + 1;
  return options;
}

absl::StatusOr<weights::ModelCard> MakeCard(const TrainingRunRequest& request,
                                            const dataset::ClipDataset& dataset,
                                            const train::TrainingResult& result) {
  weights::ModelCard card;
  card.architecture = request.config.architecture;
  card.embedding_layer = request.config.embedding_layer;
  TIMBRE_ASSIGN_OR_RETURN(const int64_t encoder_dim, model::EmbeddingDim(card.architecture));
  TIMBRE_ASSIGN_OR_RETURN(const int64_t dim,
                          weights::LayerDim(card.embedding_layer, encoder_dim, result.projector));
  card.embedding_dim = static_cast<int>(dim);
  card.weights_digest = weights::DigestTensors(result.encoder);
  card.dataset = request.dataset;
  card.dataset_digest = dataset.digest();
  card.job = request.job;
  card.seed = request.config.seed;
  card.steps = result.steps;
  card.training_config = request.training_config_text;
  card.build = absl::StrCat("timbre ", TIMBRE_VERSION, ", LibTorch ", model::TorchVersion());
  return card;
}

}  // namespace

absl::StatusOr<TrainingRunResult> RunTraining(const TrainingRunRequest& request,
                                              const std::shared_ptr<const dataset::ClipDataset>& dataset,
                                              registry::ModelStore& models, train::Observer& observer,
                                              const base::CancelToken& cancel) {
  TIMBRE_RETURN_IF_ERROR(train::ValidateTrainingConfig(request.config));
  TIMBRE_RETURN_IF_ERROR(train::ValidateRuntimeConfig(request.runtime));
  TIMBRE_ASSIGN_OR_RETURN(const auto trainer,
                          train::Trainer::Create(request.config, request.runtime, request.work_dir));
  TIMBRE_ASSIGN_OR_RETURN(
      const auto loader,
      dataset::ViewLoader::Start(dataset, LoaderOptions(request, trainer->next_batch()), cancel));
  TIMBRE_ASSIGN_OR_RETURN(train::TrainingResult trained, trainer->Run(*loader, observer, cancel));

  registry::ModelStore::NewVersion version;
  version.model = request.model;
  TIMBRE_ASSIGN_OR_RETURN(version.card, MakeCard(request, *dataset, trained));
  version.encoder = std::move(trained.encoder);
  version.projector = std::move(trained.projector);
  TrainingRunResult result;
  result.steps = trained.steps;
  result.first_loss = trained.first_loss;
  result.final_loss = trained.final_loss;
  TIMBRE_ASSIGN_OR_RETURN(result.version, models.Publish(version));
  return result;
}

}  // namespace timbre::pipeline
