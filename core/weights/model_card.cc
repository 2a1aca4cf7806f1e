#include "core/weights/model_card.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "core/weights/embedding_layer.h"

namespace timbre::weights {
namespace {

using Json = nlohmann::json;

constexpr int kFormatVersion = 1;

// Reads typed fields of one object; remembers the first thing that is wrong.
class FieldReader {
 public:
  FieldReader(const Json& object, absl::string_view prefix) : object_(object), prefix_(prefix) {}

  void Text(const char* name, std::string& out) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    if (!field->is_string()) return Fail(name, "must be a text");
    out = field->get<std::string>();
  }

  void Texts(const char* name, std::vector<std::string>& out) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    if (!field->is_array()) return Fail(name, "must be a list of texts");
    for (const Json& text : *field) {
      if (!text.is_string()) return Fail(name, "must be a list of texts");
      out.push_back(text.get<std::string>());
    }
  }

  template <typename Integer>
  void Number(const char* name, uint64_t least, Integer& out) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<Integer>::max());
    if (!field->is_number_unsigned() || field->get<uint64_t>() < least || field->get<uint64_t>() > kMost) {
      return Fail(name, absl::StrCat("must be an integer in [", least, ", ", kMost, "]"));
    }
    out = field->get<Integer>();
  }

  void Time(const char* name, absl::Time& out) {
    std::string text;
    Text(name, text);
    std::string error;
    if (status_.ok() && !absl::ParseTime(absl::RFC3339_full, text, &out, &error)) {
      Fail(name, absl::StrCat("must be an RFC 3339 time: ", error));
    }
  }

  const Json* Object(const char* name) {
    const Json* field = Find(name);
    if (field == nullptr || field->is_object()) return field;
    Fail(name, "must be an object");
    return nullptr;
  }

  void Fail(const char* name, absl::string_view problem) {
    if (status_.ok())
      status_ = absl::InvalidArgumentError(absl::StrCat("model card: ", prefix_, name, " ", problem));
  }

  const absl::Status& status() const { return status_; }

 private:
  const Json* Find(const char* name) {
    const auto field = object_.find(name);
    if (field != object_.end()) return &*field;
    Fail(name, "is missing");
    return nullptr;
  }

  const Json& object_;
  const absl::string_view prefix_;
  absl::Status status_;
};

absl::StatusOr<Origin> ReadOrigin(const Json& json) {
  FieldReader reader(json, "origin.");
  Origin origin;
  reader.Text("file_name", origin.file_name);
  reader.Text("sha256", origin.sha256);
  reader.Text("key_naming", origin.key_naming);
  reader.Texts("notes", origin.notes);
  TIMBRE_RETURN_IF_ERROR(reader.status());
  return origin;
}

absl::Status ReadPreprocessing(const Json& json, Preprocessing& out) {
  FieldReader reader(json, "preprocessing.");
  reader.Number("sample_rate_hz", 1, out.sample_rate_hz);
  reader.Number("window_samples", 1, out.window_samples);
  reader.Text("mixdown", out.mixdown);
  reader.Text("tail", out.tail);
  return reader.status();
}

}  // namespace

std::string ModelCardToJson(const ModelCard& card) {
  const Preprocessing& preprocessing = card.preprocessing;
  Json json = {
      {"format_version", kFormatVersion},
      {"architecture", card.architecture},
      {"embedding_layer", card.embedding_layer},
      {"normalization", card.normalization},
      {"pooling", card.pooling},
      {"embedding_dim", card.embedding_dim},
      {"preprocessing",
       {{"sample_rate_hz", preprocessing.sample_rate_hz},
        {"window_samples", preprocessing.window_samples},
        {"mixdown", preprocessing.mixdown},
        {"tail", preprocessing.tail}}},
      {"weights_digest", card.weights_digest},
      {"dataset", card.dataset},
      {"dataset_digest", card.dataset_digest},
      {"job", card.job},
      {"seed", card.seed},
      {"steps", card.steps},
      {"training_config", card.training_config},
      {"build", card.build},
      {"create_time", absl::FormatTime(absl::RFC3339_full, card.create_time, absl::UTCTimeZone())},
  };
  if (!card.projector_digest.empty()) json["projector_digest"] = card.projector_digest;
  if (!card.derived_from.empty()) json["derived_from"] = card.derived_from;
  if (card.origin.has_value()) {
    json["origin"] = {{"file_name", card.origin->file_name},
                      {"sha256", card.origin->sha256},
                      {"key_naming", card.origin->key_naming},
                      {"notes", card.origin->notes}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ModelCard> ModelCardFromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("model card: not a JSON object");
  FieldReader reader(json, "");
  int version = 0;
  reader.Number("format_version", 1, version);
  if (reader.status().ok() && version != kFormatVersion) {
    reader.Fail("format_version", absl::StrCat("is ", version, "; this build reads ", kFormatVersion));
  }
  ModelCard card;
  reader.Text("architecture", card.architecture);
  reader.Text("embedding_layer", card.embedding_layer);
  reader.Text("normalization", card.normalization);
  if (card.normalization != "none" && card.normalization != "l2") {
    reader.Fail("normalization", absl::StrCat("is '", card.normalization, "'; allowed: none, l2"));
  }
  reader.Text("pooling", card.pooling);
  reader.Number("embedding_dim", 1, card.embedding_dim);
  if (const Json* preprocessing = reader.Object("preprocessing")) {
    TIMBRE_RETURN_IF_ERROR(ReadPreprocessing(*preprocessing, card.preprocessing));
  }
  reader.Text("weights_digest", card.weights_digest);
  if (json.contains("projector_digest")) reader.Text("projector_digest", card.projector_digest);
  if (json.contains("derived_from")) reader.Text("derived_from", card.derived_from);
  reader.Text("dataset", card.dataset);
  reader.Text("dataset_digest", card.dataset_digest);
  reader.Text("job", card.job);
  reader.Number("seed", 0, card.seed);
  reader.Number("steps", 0, card.steps);
  reader.Text("training_config", card.training_config);
  reader.Text("build", card.build);
  reader.Time("create_time", card.create_time);
  if (json.contains("origin")) {
    const Json* object = reader.Object("origin");
    TIMBRE_RETURN_IF_ERROR(reader.status());
    TIMBRE_ASSIGN_OR_RETURN(card.origin, ReadOrigin(*object));
  }
  TIMBRE_RETURN_IF_ERROR(reader.status());
  return card;
}

std::string EmbeddingSpaceId(const ModelCard& card) {
  constexpr size_t kIdDigits = 32;
  base::Sha256 hash;
  hash.AddField("timbre.embedding_space.v1");
  hash.AddField(card.weights_digest);
  hash.AddNumber(static_cast<uint64_t>(card.preprocessing.sample_rate_hz));
  hash.AddNumber(static_cast<uint64_t>(card.preprocessing.window_samples));
  hash.AddField(card.preprocessing.mixdown);
  hash.AddField(card.preprocessing.tail);
  hash.AddField(card.embedding_layer);
  hash.AddField(card.normalization);
  hash.AddField(card.pooling);
  if (card.embedding_layer != kEncoderLayer) hash.AddField(card.projector_digest);
  return hash.HexDigest().substr(0, kIdDigits);
}

}  // namespace timbre::weights
