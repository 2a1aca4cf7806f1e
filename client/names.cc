#include "client/names.h"

#include <re2/re2.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace timbre::client {
namespace {

// A name in one of its forms: `pattern` has a group for each id, `long_form` puts them together as \1,
// \2, ...
struct Form {
  const char* what;
  const char* pattern;
  const char* long_form;
  const char* allowed;
};

#define ID "([a-z][a-z0-9-]{0,62})"
constexpr Form kJob = {"job", "(?:jobs/)?([A-Za-z0-9][A-Za-z0-9_.-]{0,127})", "jobs/\\1", "jobs/j1 or j1"};
constexpr Form kDataset = {"data set", "(?:datasets/)?" ID, "datasets/\\1",
                           "datasets/ID or ID, where ID is [a-z][a-z0-9-]{0,62}"};
constexpr Form kModel = {"model", "(?:models/)?" ID, "models/\\1",
                         "models/ID or ID, where ID is [a-z][a-z0-9-]{0,62}"};
constexpr Form kVersion = {"model version", "(?:models/)?" ID "/(?:versions/)?([1-9][0-9]{0,17})",
                           "models/\\1/versions/\\2", "models/m/versions/3 or m/3"};
constexpr Form kLabel = {"model", "(?:models/)?" ID "@" ID, "models/\\1@\\2", "m@label"};
constexpr Form kTagger = {"tagger",
                          "(?:models/)?" ID
                          "/(?:versions/)?([1-9][0-9]{0,17})/(?:taggers/)?([A-Za-z0-9][A-Za-z0-9_.-]{0,127})",
                          "models/\\1/versions/\\2/taggers/\\3", "models/m/versions/3/taggers/t or m/3/t"};
#undef ID

// The groups of a whole text in another form; empty where the pattern does not fit.
std::string Rewritten(const std::string& text, const char* pattern, const char* form) {
  std::string rewritten;
  const bool fits = RE2::Extract(text, absl::StrCat("\\A(?:", pattern, ")\\z"), form, &rewritten);
  return fits ? rewritten : "";
}

absl::StatusOr<std::string> Parse(const Form& form, const std::string& text) {
  std::string name = Rewritten(text, form.pattern, form.long_form);
  if (!name.empty()) return name;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not the name of a ", form.what, ": write ", form.allowed));
}

}  // namespace

absl::StatusOr<std::string> JobName(const std::string& text) { return Parse(kJob, text); }
absl::StatusOr<std::string> DatasetName(const std::string& text) { return Parse(kDataset, text); }
absl::StatusOr<std::string> ModelName(const std::string& text) { return Parse(kModel, text); }
absl::StatusOr<std::string> ModelVersionName(const std::string& text) { return Parse(kVersion, text); }
absl::StatusOr<std::string> TaggerName(const std::string& text) { return Parse(kTagger, text); }

absl::StatusOr<std::string> DatasetId(const std::string& text) {
  auto name = DatasetName(text);
  if (!name.ok()) return name;
  return ShortName(*name);
}

absl::StatusOr<std::string> ModelOrVersionName(const std::string& text) {
  auto version = ModelVersionName(text);
  if (version.ok()) return version;
  auto model = ModelName(text);
  if (model.ok()) return model;
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" names no model: write m (its newest version), m/3 or models/m/versions/3"));
}

absl::StatusOr<std::string> ModelReference(const std::string& text) {
  auto labelled = Parse(kLabel, text);
  if (labelled.ok()) return labelled;
  auto other = ModelOrVersionName(text);
  if (other.ok()) return other;
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" names no model: write m (its label \"stable\"), m@label, m/3 or models/m/versions/3"));
}

std::string ShortName(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::string ShortVersion(const std::string& name) {
  const std::string version = Rewritten(name, kVersion.pattern, "\\1/\\2");
  return version.empty() ? name.substr(name.find('/') + 1) : version;
}

}  // namespace timbre::client
