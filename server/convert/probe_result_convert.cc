#include "server/convert/probe_result_convert.h"

#include <cmath>

namespace timbre::convert {
namespace {

constexpr size_t kMaxMapBytes = size_t{512} << 10;

const char* FeaturesName(probe::Features features) {
  switch (features) {
    case probe::Features::kL2Normalized:
      return "l2_normalized";
    case probe::Features::kStandardized:
      return "standardized";
    case probe::Features::kRaw:
      break;
  }
  return "raw";
}

bool IsSet(const probe::Interval& interval) { return !std::isnan(interval.low); }

void SetInterval(const probe::Interval& interval, v1::ConfidenceInterval& proto) {
  proto.set_low(interval.low);
  proto.set_high(interval.high);
}

void SetTag(const probe::TagResult& tag, v1::TagEvaluation& proto) {
  proto.set_tag(tag.tag);
  proto.set_train_positive_count(tag.train_positives);
  proto.set_test_positive_count(tag.test_positives);
  proto.set_average_precision(tag.average_precision);
  proto.set_roc_auc(tag.roc_auc);
  proto.set_counted(tag.counted);
  proto.set_prevalence(tag.prevalence);
  proto.set_threshold(tag.threshold);
  proto.set_f1(tag.f1);
  proto.set_validation_f1(tag.validation_f1);
  if (IsSet(tag.average_precision_interval)) {
    SetInterval(tag.average_precision_interval, *proto.mutable_average_precision_interval());
  }
  if (IsSet(tag.roc_auc_interval)) SetInterval(tag.roc_auc_interval, *proto.mutable_roc_auc_interval());
}

void SetEvaluation(const probe::ProbeResult& result, v1::ProbeEvaluation& proto) {
  proto.set_mean_average_precision(result.mean_average_precision);
  proto.set_mean_roc_auc(result.mean_roc_auc);
  proto.set_features(FeaturesName(result.features));
  proto.set_validation_map_raw(result.validation_map.raw);
  proto.set_validation_map_l2_normalized(result.validation_map.l2_normalized);
  proto.set_validation_map_standardized(result.validation_map.standardized);
  proto.set_epoch_count(result.epochs);
  proto.set_train_clip_count(result.train_clips);
  proto.set_validation_clip_count(result.validation_clips);
  proto.set_test_clip_count(result.test_clips);
  if (IsSet(result.mean_average_precision_interval)) {
    SetInterval(result.mean_average_precision_interval, *proto.mutable_mean_average_precision_interval());
  }
  if (IsSet(result.mean_roc_auc_interval)) {
    SetInterval(result.mean_roc_auc_interval, *proto.mutable_mean_roc_auc_interval());
  }
  for (const probe::TagResult& tag : result.tags) SetTag(tag, *proto.add_tags());
}

void SetMap(const pipeline::ProbeFindings& findings, v1::EmbeddingMap& proto) {
  for (const std::string& tag : findings.tags) proto.add_tags(tag);
  for (const double ratio : findings.map->explained_variance_ratios) {
    proto.add_explained_variance_ratios(ratio);
  }
  proto.set_clip_count(findings.map->test_clips);
  size_t bytes = 0;
  for (const pipeline::MappedClip& clip : findings.map->clips) {
    v1::MapPoint point;
    point.set_path(clip.path);
    point.set_x(clip.x);
    point.set_y(clip.y);
    for (size_t tag = 0; tag < clip.labels.size(); ++tag) {
      if (clip.labels[tag] != 0) point.add_tag_indices(static_cast<int32_t>(tag));
    }
    bytes += point.ByteSizeLong();
    if (bytes > kMaxMapBytes) return;
    *proto.add_points() = std::move(point);
  }
}

}  // namespace

v1::LinearProbeResult FindingsToProto(const pipeline::ProbeFindings& findings) {
  v1::LinearProbeResult proto;
  SetEvaluation(findings.trained, *proto.mutable_trained());
  if (findings.untrained) SetEvaluation(*findings.untrained, *proto.mutable_untrained());
  if (findings.log_mel) SetEvaluation(*findings.log_mel, *proto.mutable_log_mel());
  if (findings.knn) SetEvaluation(*findings.knn, *proto.mutable_knn());
  for (const probe::LabelFraction& fraction : findings.label_fractions) {
    v1::LabelFractionResult& entry = *proto.add_label_fractions();
    entry.set_fraction(fraction.fraction);
    entry.set_train_track_count(fraction.tracks);
    SetEvaluation(fraction.result, *entry.mutable_evaluation());
    entry.mutable_evaluation()->clear_tags();
  }
  proto.mutable_bootstrap()->set_resample_count(static_cast<int32_t>(findings.bootstrap.resamples));
  proto.mutable_bootstrap()->set_confidence(findings.bootstrap.confidence);
  proto.mutable_bootstrap()->set_test_track_count(findings.test_tracks);
  if (findings.map) SetMap(findings, *proto.mutable_map());
  return proto;
}

}  // namespace timbre::convert
