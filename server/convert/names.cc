#include "server/convert/names.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/registry/resource_id.h"

namespace timbre::convert {
namespace {

using Parts = std::vector<std::string>;

absl::Status BadName(const std::string& name, const std::string& form) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", name.substr(0, 200), "' is no resource name; expected ", form));
}

bool IsId(const std::string& id) { return registry::CheckId("resource", id).ok(); }

absl::StatusOr<std::string> ParseSingle(const std::string& name, const std::string& collection,
                                        const std::string& form) {
  const Parts parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != collection || !IsId(parts[1])) return BadName(name, form);
  return parts[1];
}

bool ParseVersionParts(const Parts& parts, VersionName& out) {
  if (parts.size() < 4 || parts[0] != "models" || !IsId(parts[1]) || parts[2] != "versions") return false;
  if (!absl::SimpleAtoi(parts[3], &out.version) || out.version < 1) return false;
  out.model = parts[1];
  return true;
}

constexpr char kVersionForm[] = "models/{model}/versions/{version}";

}  // namespace

absl::StatusOr<std::string> ParseJobName(const std::string& name) {
  return ParseSingle(name, "jobs", "jobs/{job}");
}
absl::StatusOr<std::string> ParseDatasetName(const std::string& name) {
  return ParseSingle(name, "datasets", "datasets/{dataset}");
}
absl::StatusOr<std::string> ParseModelName(const std::string& name) {
  return ParseSingle(name, "models", "models/{model}");
}

absl::StatusOr<VersionName> ParseVersionName(const std::string& name) {
  const Parts parts = absl::StrSplit(name, '/');
  VersionName version;
  if (parts.size() != 4 || !ParseVersionParts(parts, version)) return BadName(name, kVersionForm);
  return version;
}

std::string JobName(const std::string& job) { return absl::StrCat("jobs/", job); }
std::string DatasetName(const std::string& dataset) { return absl::StrCat("datasets/", dataset); }
std::string ModelName(const std::string& model) { return absl::StrCat("models/", model); }
std::string VersionNameOf(const std::string& model, int64_t version) {
  return absl::StrCat("models/", model, "/versions/", version);
}
std::string TaggerName(const std::string& model, int64_t version, const std::string& tagger) {
  return absl::StrCat(VersionNameOf(model, version), "/taggers/", tagger);
}

absl::Status CheckId(const std::string& what, const std::string& id) { return registry::CheckId(what, id); }

absl::StatusOr<registry::ModelSelector> ParseSelector(const std::string& model, const std::string& tagger) {
  registry::ModelSelector selector;
  if (!model.empty()) {
    const Parts at = absl::StrSplit(model, absl::MaxSplits('@', 1));
    VersionName version;
    const Parts parts = absl::StrSplit(at[0], '/');
    if (parts.size() == 2 && parts[0] == "models" && IsId(parts[1])) {
      selector.model = parts[1];
      if (at.size() == 2) {
        TIMBRE_RETURN_IF_ERROR(CheckId("label", at[1]));
        selector.label = at[1];
      }
    } else if (at.size() == 1 && parts.size() == 4 && ParseVersionParts(parts, version)) {
      selector.model = version.model;
      selector.version = version.version;
    } else {
      return BadName(model, absl::StrCat("models/{model}, models/{model}@{label} or ", kVersionForm));
    }
  }
  if (tagger.empty()) return selector;

  const Parts parts = absl::StrSplit(tagger, '/');
  VersionName version;
  if (parts.size() != 6 || !ParseVersionParts(parts, version) || parts[4] != "taggers" || !IsId(parts[5])) {
    return BadName(tagger, absl::StrCat(kVersionForm, "/taggers/{tagger}"));
  }
  const bool other_model = !selector.model.empty() && selector.model != version.model;
  const bool other_version = selector.version.has_value() && *selector.version != version.version;
  if (other_model || other_version || !selector.label.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("model '", model, "' and tagger '", tagger,
                                                   "' do not agree; leave model empty to use the tagger's"));
  }
  selector.model = version.model;
  selector.version = version.version;
  selector.tagger = parts[5];
  return selector;
}

}  // namespace timbre::convert
