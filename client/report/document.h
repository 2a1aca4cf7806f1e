#pragma once

// A report before it is a page: one JSON document, which the page's script reads.

#include <timbre/v1/dataset_service.pb.h>
#include <timbre/v1/job.pb.h>
#include <timbre/v1/model_service.pb.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/report/curves.h"

namespace timbre::report {

struct ReportedDataset {
  // What the job did with it: "trained on", "head learned from", "judged on".
  std::string role;
  v1::Dataset dataset;
};

// What a report is made of. Only `job` must be there; what is missing is missing in the report.
struct ReportParts {
  // A training or a probe.
  v1::Job job = {};
  // The training whose curves are shown: the job itself, or the one that made the probed version.
  std::optional<v1::Job> training = {};
  Curves curves = Curves();
  // The version that the training made, or that was probed.
  std::optional<v1::ModelVersion> model_version = {};
  std::vector<ReportedDataset> datasets = {};
  // Why something is missing, for people.
  std::vector<std::string> notes = {};
  // Of the program, for the foot of the page.
  std::string program_version = {};
};

// {"title", "job", "probe", "training", "curves", "model_version", "datasets", "configurations", "notes",
// "program"}; what is missing has no key. Numbers that are not finite are null.
nlohmann::json Document(const ReportParts& parts);

// "Probe of m/3", "Training of m".
std::string Title(const v1::Job& job);

// The document as text, as --json prints it; bytes that are no UTF-8 become U+FFFD.
std::string DocumentText(const nlohmann::json& document, bool indented);

}  // namespace timbre::report
