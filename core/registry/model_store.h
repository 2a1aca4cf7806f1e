#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/store/database.h"
#include "core/weights/model_card.h"
#include "core/weights/tensor_file.h"

namespace timbre::registry {

// A linear probe attached to a version: makes tags of embeddings.
struct Tagger {
  std::string id;                       // models/M/versions/V/taggers/T
  std::vector<std::string> tags;        // the outputs' order
  std::string job;                      // the probe's job
  double mean_average_precision = 0;    // on its test split
  double mean_roc_auc = 0;
  std::string evaluation;               // opaque bytes: the server's serialized report
  absl::Time create_time;
};

struct Version {
  std::string model;                    // M
  int64_t version = 0;                  // V, from 1
  std::string space_id;
  weights::ModelCard card;
  std::vector<Tagger> taggers;          // oldest first; the default tagger is the newest
  absl::Time create_time;
};

struct Model {
  std::string id;
  std::map<std::string, int64_t> labels;   // e.g. stable -> 3
  std::vector<Version> versions;           // oldest first
  absl::Time create_time;
};

// Model versions: rows in SQLite, weights in files (encoder.safetensors, projector.safetensors, card.json, tagger-T.safetensors) under
// `root`/M/V. A version becomes visible only when its files are whole and synced; versions are immutable but for added taggers.
// Ids: [a-z][a-z0-9-]{0,62}.
// Threads: safe.
class ModelStore {
 public:
  static absl::StatusOr<std::unique_ptr<ModelStore>> Create(std::shared_ptr<store::Database> database,
                                                            const std::filesystem::path& root);

  struct NewVersion {
    std::string model;
    weights::ModelCard card;
    weights::TensorMap encoder;
    weights::TensorMap projector;   // may be empty
  };
  // Publishes the next version of a model (made if new). Idempotent by card.job: a job's second publish returns the first's version.
  absl::StatusOr<Version> Publish(const NewVersion& version);

  // Attaches a tagger (idempotent by job) with its head: "weight" [tags, dim], "bias" [tags]. Errors: kNotFound no such version.
  absl::StatusOr<Tagger> AddTagger(const std::string& model, int64_t version, Tagger tagger,
                                   const weights::TensorMap& head);

  absl::StatusOr<Model> GetModel(const std::string& model) const;                 // kNotFound lists what there is
  absl::StatusOr<std::vector<Model>> ListModels() const;                          // by id
  absl::StatusOr<Version> GetVersion(const std::string& model, int64_t version) const;

  // Moves a label. Errors: kNotFound version · kInvalidArgument label's form.
  absl::Status SetLabel(const std::string& model, const std::string& label, int64_t version);

  // Errors: kNotFound · kFailedPrecondition a label points to it (version), or any label exists (model), unless `force`.
  absl::Status DeleteVersion(const std::string& model, int64_t version, bool force);
  absl::Status DeleteModel(const std::string& model, bool force);

  absl::StatusOr<weights::TensorMap> ReadEncoder(const std::string& model, int64_t version) const;
  absl::StatusOr<weights::TensorMap> ReadTaggerHead(const std::string& model, int64_t version,
                                                    const std::string& tagger) const;

 private:
  ModelStore(std::shared_ptr<store::Database> database, std::filesystem::path root)
      : database_(std::move(database)), root_(std::move(root)) {}
  std::shared_ptr<store::Database> database_;
  std::filesystem::path root_;
};

}  // namespace timbre::registry
