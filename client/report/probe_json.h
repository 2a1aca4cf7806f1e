#pragma once

#include <timbre/v1/probe_result.pb.h>

#include <nlohmann/json.hpp>

namespace timbre::report {

// What a probe found, as the page reads it:
//   "tags": [{"name", "train_positives", "test_positives", "prevalence", "counted"}, ...]
//   "evaluations": [{"key": "trained", "label", "map", "map_interval", "roc_auc", "roc_auc_interval",
//      "features", "epochs", clips, "validation_map": {...}, "tags": [null or scores, in the order of
//      "tags"]}]
//   "fractions": [...], "bootstrap": {...}, "map": {"tags", "variance", "clip_count",
//      "points": [[x, y, [tag, ...], path], ...]}
// What the result lacks has no key; what is no number is null. Tags of a baseline are found by their name.
nlohmann::json ProbeJson(const v1::LinearProbeResult& result);

}  // namespace timbre::report
