#include "client/report/probe_json.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "client/report/numbers.h"

namespace timbre::report {
namespace {

using nlohmann::json;

json TagScores(const v1::TagEvaluation& tag) {
  return {{"ap", Number(tag.average_precision())},
          {"ap_interval", Interval(tag.has_average_precision_interval(), tag.average_precision_interval())},
          {"roc_auc", Number(tag.roc_auc())},
          {"roc_auc_interval", Interval(tag.has_roc_auc_interval(), tag.roc_auc_interval())},
          {"threshold", Number(tag.threshold())},
          {"f1", Number(tag.f1())},
          {"validation_f1", Number(tag.validation_f1())}};
}

json Means(const v1::ProbeEvaluation& evaluation) {
  return {{"map", Number(evaluation.mean_average_precision())},
          {"map_interval", Interval(evaluation.has_mean_average_precision_interval(),
                                    evaluation.mean_average_precision_interval())},
          {"roc_auc", Number(evaluation.mean_roc_auc())},
          {"roc_auc_interval",
           Interval(evaluation.has_mean_roc_auc_interval(), evaluation.mean_roc_auc_interval())},
          {"features", evaluation.features()},
          {"epochs", evaluation.epoch_count()},
          {"train_clips", evaluation.train_clip_count()},
          {"validation_clips", evaluation.validation_clip_count()},
          {"test_clips", evaluation.test_clip_count()}};
}

json EvaluationJson(const v1::ProbeEvaluation& evaluation, const v1::ProbeEvaluation& reference) {
  json out = Means(evaluation);
  out["validation_map"] = {{"raw", Number(evaluation.validation_map_raw())},
                           {"l2_normalized", Number(evaluation.validation_map_l2_normalized())},
                           {"standardized", Number(evaluation.validation_map_standardized())}};
  absl::flat_hash_map<std::string, const v1::TagEvaluation*> by_name;
  for (const v1::TagEvaluation& tag : evaluation.tags()) by_name.emplace(tag.tag(), &tag);
  json scores = json::array();
  for (const v1::TagEvaluation& tag : reference.tags()) {
    const auto found = by_name.find(tag.tag());
    scores.push_back(found == by_name.end() ? json() : TagScores(*found->second));
  }
  out["tags"] = std::move(scores);
  return out;
}

// Results that older servers stored have no prevalence, but what it is made of.
double Prevalence(const v1::TagEvaluation& tag, int64_t test_clip_count) {
  if (tag.prevalence() > 0 || tag.test_positive_count() == 0 || test_clip_count == 0) return tag.prevalence();
  return static_cast<double>(tag.test_positive_count()) / static_cast<double>(test_clip_count);
}

json TagsJson(const v1::ProbeEvaluation& reference) {
  json tags = json::array();
  for (const v1::TagEvaluation& tag : reference.tags()) {
    tags.push_back({{"name", tag.tag()},
                    {"train_positives", tag.train_positive_count()},
                    {"test_positives", tag.test_positive_count()},
                    {"prevalence", Number(Prevalence(tag, reference.test_clip_count()))},
                    {"counted", tag.counted()}});
  }
  return tags;
}

json FractionsJson(const v1::LinearProbeResult& result) {
  json fractions = json::array();
  for (const v1::LabelFractionResult& fraction : result.label_fractions()) {
    json point = Means(fraction.evaluation());
    point["fraction"] = Number(fraction.fraction());
    point["train_tracks"] = fraction.train_track_count();
    fractions.push_back(std::move(point));
  }
  return fractions;
}

json MapJson(const v1::EmbeddingMap& map) {
  json variance = json::array();
  for (const double ratio : map.explained_variance_ratios()) variance.push_back(Number(ratio));
  json points = json::array();
  for (const v1::MapPoint& point : map.points()) {
    json tags = json::array();
    for (const int tag : point.tag_indices()) {
      if (tag >= 0 && tag < map.tags_size()) tags.push_back(tag);
    }
    points.push_back({Number(point.x()), Number(point.y()), std::move(tags), point.path()});
  }
  return {{"tags", map.tags()},
          {"variance", std::move(variance)},
          {"points", std::move(points)},
          {"clip_count", map.clip_count()}};
}

}  // namespace

json ProbeJson(const v1::LinearProbeResult& result) {
  const v1::ProbeEvaluation& reference = result.trained();
  json evaluations = json::array();
  const auto add = [&](bool present, const v1::ProbeEvaluation& evaluation, const char* key,
                       const char* label) {
    if (!present) return;
    json one = EvaluationJson(evaluation, reference);
    one["key"] = key;
    one["label"] = label;
    evaluations.push_back(std::move(one));
  };
  add(result.has_trained(), result.trained(), "trained", "trained encoder");
  add(result.has_untrained(), result.untrained(), "untrained", "untrained encoder");
  add(result.has_log_mel(), result.log_mel(), "log_mel", "log-mel statistics");
  add(result.has_knn(), result.knn(), "knn", "nearest neighbours");
  json out = {{"tagger", result.tagger()}, {"tags", TagsJson(reference)}};
  out["evaluations"] = std::move(evaluations);
  if (result.label_fractions_size() > 0) out["fractions"] = FractionsJson(result);
  if (result.bootstrap().resample_count() > 0) {
    out["bootstrap"] = {{"resamples", result.bootstrap().resample_count()},
                        {"confidence", Number(result.bootstrap().confidence())},
                        {"test_tracks", result.bootstrap().test_track_count()}};
  }
  if (result.map().points_size() > 0) out["map"] = MapJson(result.map());
  return out;
}

}  // namespace timbre::report
