#include "client/cli/probe_text.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/format.h"
#include "client/cli/table.h"

namespace timbre::cli {
namespace {

// A row of the first table.
struct Judged {
  const char* name;    // in the first table
  const char* column;  // in the table of tags
  const v1::ProbeEvaluation* evaluation;
};

std::vector<Judged> Baselines(const v1::LinearProbeResult& result) {
  std::vector<Judged> judged;
  if (result.has_untrained()) judged.push_back({"untrained encoder", "UNTRAINED", &result.untrained()});
  if (result.has_log_mel()) judged.push_back({"log-mel statistics", "LOG-MEL", &result.log_mel()});
  if (result.has_knn()) judged.push_back({"nearest neighbours", "KNN", &result.knn()});
  return judged;
}

std::string IntervalOf(bool is_set, const v1::ConfidenceInterval& interval) {
  return is_set ? FormatInterval(interval.low(), interval.high()) : "-";
}

std::string PrecisionInterval(const v1::ProbeEvaluation& evaluation) {
  return IntervalOf(evaluation.has_mean_average_precision_interval(),
                    evaluation.mean_average_precision_interval());
}

std::string AucInterval(const v1::ProbeEvaluation& evaluation) {
  return IntervalOf(evaluation.has_mean_roc_auc_interval(), evaluation.mean_roc_auc_interval());
}

// "95 % INTERVAL"
std::string IntervalTitle(const v1::LinearProbeResult& result) {
  const bool any = result.bootstrap().resample_count() > 0;
  return any ? absl::StrFormat("%.4g %% INTERVAL", 100 * result.bootstrap().confidence()) : "INTERVAL";
}

std::string MeanTable(const v1::LinearProbeResult& result) {
  const std::string interval = IntervalTitle(result);
  Table table({"", "MEAN AP", interval, "MEAN ROC-AUC", interval, "FEATURES"});
  for (const size_t column : {1, 2, 3, 4}) table.AlignRight(column);
  std::vector<Judged> rows = Baselines(result);
  rows.insert(rows.begin(), {"trained encoder", "", &result.trained()});
  for (const Judged& row : rows) {
    table.AddRow({row.name, FormatScore(row.evaluation->mean_average_precision()),
                  PrecisionInterval(*row.evaluation), FormatScore(row.evaluation->mean_roc_auc()),
                  AucInterval(*row.evaluation), row.evaluation->features()});
  }
  return table.Render();
}

// The baseline's score of a tag; both lists are in the header's order.
std::string BaselinePrecision(const v1::ProbeEvaluation& baseline, int index, const std::string& tag) {
  if (index >= baseline.tags_size() || baseline.tags(index).tag() != tag) return "-";
  return FormatScore(baseline.tags(index).average_precision());
}

std::string TagTable(const v1::LinearProbeResult& result) {
  const v1::ProbeEvaluation& trained = result.trained();
  const std::vector<Judged> baselines = Baselines(result);
  std::vector<std::string> header = {"TAG", "TRAIN", "TEST", "AP"};
  for (const Judged& baseline : baselines) header.emplace_back(baseline.column);
  for (const char* title : {"ROC-AUC", "THRESHOLD", "F1"}) header.emplace_back(title);
  const size_t columns = header.size();
  Table table(std::move(header));
  for (size_t column = 1; column < columns; ++column) table.AlignRight(column);
  bool any_left_out = false;
  for (int i = 0; i < trained.tags_size(); ++i) {
    const v1::TagEvaluation& tag = trained.tags(i);
    any_left_out |= !tag.counted();
    std::vector<std::string> row = {
        tag.counted() ? tag.tag() : absl::StrCat(tag.tag(), " *"), absl::StrCat(tag.train_positive_count()),
        absl::StrCat(tag.test_positive_count()), FormatScore(tag.average_precision())};
    for (const Judged& baseline : baselines) {
      row.push_back(BaselinePrecision(*baseline.evaluation, i, tag.tag()));
    }
    for (const double score : {tag.roc_auc(), tag.threshold(), tag.f1()}) row.push_back(FormatScore(score));
    table.AddRow(std::move(row));
  }
  std::string out = table.Render();
  if (any_left_out) out += "* not part of the means: test lacks clips with it or without it\n";
  return out;
}

std::string FractionTable(const v1::LinearProbeResult& result) {
  if (result.label_fractions().empty()) return "";
  const std::string interval = IntervalTitle(result);
  Table table({"LABELS", "TRACKS", "CLIPS", "MEAN AP", interval, "MEAN ROC-AUC", interval});
  for (size_t column = 0; column < 7; ++column) table.AlignRight(column);
  for (const v1::LabelFractionResult& fraction : result.label_fractions()) {
    const v1::ProbeEvaluation& evaluation = fraction.evaluation();
    table.AddRow({absl::StrFormat("%.4g %%", 100 * fraction.fraction()),
                  absl::StrCat(fraction.train_track_count()),
                  absl::StrCat(evaluation.train_clip_count() + evaluation.validation_clip_count()),
                  FormatScore(evaluation.mean_average_precision()), PrecisionInterval(evaluation),
                  FormatScore(evaluation.mean_roc_auc()), AucInterval(evaluation)});
  }
  return absl::StrCat("\n", table.Render());
}

}  // namespace

std::string ProbeText(const v1::LinearProbeResult& result) {
  const v1::ProbeEvaluation& trained = result.trained();
  return absl::StrCat(MeanTable(result), "\n", TagTable(result), FractionTable(result),
                      "\nclips: ", trained.train_clip_count(), " fitted, ", trained.validation_clip_count(),
                      " validation, ", trained.test_clip_count(), " test; ", trained.epoch_count(),
                      " epochs\n");
}

}  // namespace timbre::cli
