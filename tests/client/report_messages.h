#pragma once

// The messages of a training and of a probe with everything in them, as a server would send them.

#include <timbre/v1/dataset_service.pb.h>
#include <timbre/v1/job.pb.h>
#include <timbre/v1/job_event.pb.h>
#include <timbre/v1/model_service.pb.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/report/document.h"

namespace timbre::report {

inline const std::vector<std::string>& ReportTags() {
  static const auto* const tags = new std::vector<std::string>{
      "guitar",     "classical", "slow", "techno", "strings", "drums",
      "electronic", "rock",      "fast", "piano",  "ambient", "</script><script>fault('injected')</script>"};
  return *tags;
}

inline void SetInterval(v1::ConfidenceInterval& interval, double value, double reach) {
  interval.set_low(std::max(0.0, value - reach));
  interval.set_high(std::min(1.0, value + 0.8 * reach));
}

// Scores that fall from tag to tag; the last but one tag has no positive test clip.
inline void FillEvaluation(v1::ProbeEvaluation& evaluation, double best) {
  const int tag_count = static_cast<int>(ReportTags().size());
  for (int i = 0; i < tag_count; ++i) {
    v1::TagEvaluation& tag = *evaluation.add_tags();
    const bool counted = i != tag_count - 2;
    const double score = best * (1 - 0.055 * i + 0.04 * std::sin(7.0 * i + 3 * best));
    tag.set_tag(ReportTags()[static_cast<size_t>(i)]);
    tag.set_train_positive_count(420 - 30 * i);
    tag.set_test_positive_count(counted ? 140 - 10 * i : 0);
    tag.set_prevalence(counted ? (140 - 10 * i) / 620.0 : 0);
    tag.set_counted(counted);
    tag.set_average_precision(counted ? score : std::nan(""));
    tag.set_roc_auc(counted ? 0.5 + 0.5 * score : std::nan(""));
    tag.set_threshold(0.31 + 0.02 * i);
    tag.set_f1(counted ? 0.9 * score : std::nan(""));
    tag.set_validation_f1(0.92 * score);
    if (!counted) continue;
    SetInterval(*tag.mutable_average_precision_interval(), score, 0.07);
    SetInterval(*tag.mutable_roc_auc_interval(), 0.5 + 0.5 * score, 0.04);
  }
  evaluation.set_mean_average_precision(0.72 * best);
  evaluation.set_mean_roc_auc(0.5 + 0.36 * best);
  SetInterval(*evaluation.mutable_mean_average_precision_interval(), 0.72 * best, 0.03);
  SetInterval(*evaluation.mutable_mean_roc_auc_interval(), 0.5 + 0.36 * best, 0.02);
  evaluation.set_features("standardized");
  evaluation.set_validation_map_raw(0.6 * best);
  evaluation.set_validation_map_standardized(0.7 * best);
  evaluation.set_validation_map_l2_normalized(std::nan(""));
  evaluation.set_epoch_count(83);
  evaluation.set_train_clip_count(2108);
  evaluation.set_validation_clip_count(372);
  evaluation.set_test_clip_count(620);
}

inline void FillMap(v1::EmbeddingMap& map) {
  for (const std::string& tag : ReportTags()) map.add_tags(tag);
  map.add_explained_variance_ratios(0.314);
  map.add_explained_variance_ratios(0.127);
  map.set_clip_count(620);
  for (int i = 0; i < 480; ++i) {
    v1::MapPoint& point = *map.add_points();
    const int tag = (i * i + i / 7) % 9;
    point.set_path(absl::StrCat("album ", i % 30, "/</script> track & ", i, ".mp3"));
    point.set_x(static_cast<float>(3 * std::cos(0.7 * tag) + std::sin(i * 12.9898) * 1.1));
    point.set_y(static_cast<float>(2 * std::sin(0.7 * tag) + std::cos(i * 78.233) * 0.9));
    if (i % 6 != 0) point.add_tag_indices(tag);
    if (i % 4 == 0) point.add_tag_indices((tag + 3) % 9);
  }
}

inline v1::Job ProbeJob() {
  v1::Job job;
  job.set_name("jobs/probe-1");
  job.set_display_name("every part");
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.mutable_create_time()->set_seconds(1788000000);
  job.mutable_start_time()->set_seconds(1788000003);
  job.mutable_end_time()->set_seconds(1788000200);
  v1::LinearProbeSpec& spec = *job.mutable_linear_probe();
  spec.set_model_version("models/m/versions/3");
  spec.set_train_dataset("datasets/labelled");
  spec.set_test_dataset("datasets/held-out");
  spec.mutable_probe_config()->set_learning_rate(1e-3);
  spec.mutable_probe_config()->mutable_linear();
  for (const double fraction : {0.01, 0.1, 1.0}) spec.mutable_probe_config()->add_label_fractions(fraction);
  v1::LinearProbeResult& result = *job.mutable_linear_probe_result();
  result.set_tagger("models/m/versions/3/taggers/t1");
  FillEvaluation(*result.mutable_trained(), 0.86);
  FillEvaluation(*result.mutable_untrained(), 0.44);
  FillEvaluation(*result.mutable_log_mel(), 0.63);
  FillEvaluation(*result.mutable_knn(), 0.71);
  for (const double fraction : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0}) {
    v1::LabelFractionResult& point = *result.add_label_fractions();
    point.set_fraction(fraction);
    point.set_train_track_count(std::max<int64_t>(2, std::llround(248 * fraction)));
    FillEvaluation(*point.mutable_evaluation(), 0.86 + 0.09 * std::log10(fraction));
  }
  result.mutable_bootstrap()->set_resample_count(1000);
  result.mutable_bootstrap()->set_confidence(0.95);
  result.mutable_bootstrap()->set_test_track_count(62);
  FillMap(*result.mutable_map());
  return job;
}

inline v1::Job TrainingJob() {
  v1::Job job;
  job.set_name("jobs/train-1");
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.set_step(400);
  job.set_step_count(400);
  job.mutable_start_time()->set_seconds(1787990000);
  job.mutable_end_time()->set_seconds(1787994321);
  v1::SslTrainingSpec& spec = *job.mutable_ssl_training();
  spec.set_dataset("datasets/songs");
  spec.set_model("models/m");
  spec.mutable_training_config()->set_batch_tracks(48);
  spec.mutable_training_config()->set_seed(std::numeric_limits<uint64_t>::max());
  spec.mutable_training_config()->mutable_objective()->mutable_nt_xent()->set_temperature(0.5);
  v1::SslTrainingResult& result = *job.mutable_ssl_training_result();
  result.set_model_version("models/m/versions/3");
  result.set_first_loss(4.55);
  result.set_final_loss(2.41);
  result.set_step_count(400);
  return job;
}

inline v1::JobEvent ProgressEvent(int64_t step) {
  v1::JobEvent event;
  v1::TrainingProgress& progress = *event.mutable_training_progress();
  const double noise = 0.08 * std::sin(static_cast<double>(step) * 12.9898);
  progress.set_step(step);
  progress.set_step_count(400);
  progress.set_loss(2.4 + 2.15 * std::exp(-static_cast<double>(step) / 90) + noise);
  progress.set_learning_rate(3e-4 * std::min<double>(1, static_cast<double>(step) / 40));
  progress.set_gradient_norm((1 + noise) * (0.1 + 8 * std::exp(-static_cast<double>(step) / 60)));
  progress.set_alignment(0.2 + 0.5 * std::exp(-static_cast<double>(step) / 70) + noise / 9);
  progress.set_uniformity(-3.1 + 2.7 * std::exp(-static_cast<double>(step) / 50) + noise / 3);
  progress.set_embedding_std(0.93 - 0.7 * std::exp(-static_cast<double>(step) / 40));
  progress.set_windows_per_second(310 + 90 * noise);
  progress.set_data_wait_ratio(0.06 + noise / 9);
  return event;
}

// 400 steps, with a warning, a snapshot, and a resume that makes twenty steps again.
inline std::vector<v1::JobEvent> TrainingEvents() {
  std::vector<v1::JobEvent> events;
  const auto steps = [&events](int64_t first, int64_t last) {
    for (int64_t step = first; step <= last; ++step) events.push_back(ProgressEvent(step));
  };
  steps(1, 120);
  v1::HealthWarning& warning = *events.emplace_back().mutable_health_warning();
  warning.set_problem(v1::HEALTH_PROBLEM_LOSS_AT_CHANCE);
  warning.set_step(20);
  warning.set_message("loss 4.54 <b>after</b> 20 steps");
  events.emplace_back().mutable_snapshot_saved()->set_step(200);
  steps(121, 220);
  events.emplace_back().mutable_resumed()->set_step(200);
  steps(201, 400);
  for (size_t i = 0; i < events.size(); ++i) events[i].set_sequence(static_cast<int64_t>(i) + 1);
  return events;
}

inline v1::Dataset ReportDataset(const std::string& name) {
  v1::Dataset dataset;
  dataset.set_name(name);
  dataset.set_path("music/<b>&");
  dataset.set_clip_count(2480);
  dataset.set_track_count(248);
  dataset.set_audio_seconds(71920);
  dataset.set_digest("9f2b7c1de0a45b1cc3");
  return dataset;
}

inline v1::ModelVersion ReportVersion() {
  v1::ModelVersion version;
  version.set_name("models/m/versions/3");
  version.set_version(3);
  version.set_embedding_space_id("3c1f2a9b77d0e4aa");
  version.set_embedding_dim(512);
  version.set_architecture("sample_cnn");
  version.set_job("jobs/train-1");
  version.set_dataset("datasets/songs");
  version.set_dataset_digest("aa12");
  version.set_seed(std::numeric_limits<uint64_t>::max());
  version.set_step_count(400);
  version.set_build("timbre 0.1.0, LibTorch 1.13.0");
  return version;
}

// A probe with its training.
inline ReportParts WholeReport() {
  ReportParts parts;
  parts.job = ProbeJob();
  parts.training = TrainingJob();
  for (const v1::JobEvent& event : TrainingEvents()) parts.curves.Add(event);
  parts.model_version = ReportVersion();
  parts.datasets = {{"the head learned from", ReportDataset("datasets/labelled")},
                    {"judged on", ReportDataset("datasets/held-out")},
                    {"the encoder was trained on", ReportDataset("datasets/songs")}};
  parts.program_version = "0.1.0";
  return parts;
}

// A training alone.
inline ReportParts TrainingReport() {
  ReportParts parts = WholeReport();
  parts.job = TrainingJob();
  return parts;
}

}  // namespace timbre::report
