#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/store/database.h"
#include "core/weights/model_card.h"
#include "core/weights/tensor_file.h"

namespace timbre::registry {

// A probe's head attached to a version: makes tags of embeddings.
struct Tagger {
  std::string id;                     // models/M/versions/V/taggers/T
  std::vector<std::string> tags;      // the outputs' order
  std::string job;                    // the probe's job
  double mean_average_precision = 0;  // on its test split
  double mean_roc_auc = 0;
  std::string evaluation;  // opaque bytes: the server's serialized report
  absl::Time create_time;
};

struct Version {
  std::string model;    // M
  int64_t version = 0;  // V, from 1
  std::string space_id;
  weights::ModelCard card;
  std::vector<Tagger> taggers;  // oldest first; the default tagger is the newest
  absl::Time create_time;
};

struct Model {
  std::string id;
  std::map<std::string, int64_t> labels;  // e.g. stable -> 3
  std::vector<Version> versions;          // oldest first
  absl::Time create_time;
};

// What a version's embeddings are computed with.
struct VersionWeights {
  weights::TensorMap encoder;
  weights::TensorMap projector;  // empty where the embedding is the encoder's output
};

// A model as the store keeps it in memory.
struct CatalogEntry {
  Model model;
  std::map<std::string, int64_t> label_moves;  // label -> a number that grows with each move of any label
};

// Model versions: rows in SQLite, weights in files (encoder.safetensors, projector.safetensors, card.json,
// tagger-T.safetensors) under `root`/M/V. A version becomes visible only when its files are whole and synced;
// versions are immutable but for added taggers. What a crash left half-made or half-deleted is settled by
// Create (in_flight.h says how). Ids: [a-z][a-z0-9-]{0,62}. Version numbers are not used twice, as long as
// the model is there. Threads: safe. Reads are answered from memory, so that requests which look up a model
// never wait for a transaction. Errors, beside the named ones: as store::Database and
// weights::WriteTensorFile.
class ModelStore {
 public:
  static absl::StatusOr<std::unique_ptr<ModelStore>> Create(std::shared_ptr<store::Database> database,
                                                            const std::filesystem::path& root,
                                                            const base::Clock& clock = base::Clock::System());

  struct NewVersion {
    std::string model;
    weights::ModelCard card;
    weights::TensorMap encoder;
    weights::TensorMap projector;  // may be empty
  };
  // Publishes the next version of a model (made if new). Idempotent by card.job: a job's second publish
  // returns the first's version. The card's digests are computed here; its create_time, if unset, is now.
  // Errors: kInvalidArgument the id's form, no tensors, an embedding_layer or embedding_dim that the
  // projector does not have.
  absl::StatusOr<Version> Publish(const NewVersion& version);

  // Makes the next version of the weights of another, with the embedding taken at `layer`; the first that was
  // made so, if there is one. Errors: kNotFound · kInvalidArgument a layer that the version does not have, or
  // its own · kDataLoss.
  absl::StatusOr<Version> Derive(const std::string& model, int64_t version, const std::string& layer);

  // Attaches a tagger (idempotent by job) with its head, the tensors of a weights::TagHead. An empty id
  // becomes t1, t2, ... Errors: kNotFound no such version · kInvalidArgument the id's form, no tags, a head
  // of another shape · kAlreadyExists the id is another job's.
  absl::StatusOr<Tagger> AddTagger(const std::string& model, int64_t version, Tagger tagger,
                                   const weights::TensorMap& head);

  absl::StatusOr<Model> GetModel(const std::string& model) const;  // kNotFound lists what there is
  absl::StatusOr<std::vector<Model>> ListModels() const;           // by id
  absl::StatusOr<Version> GetVersion(const std::string& model,
                                     int64_t version) const;  // kNotFound lists what there is

  // The model whose `label` was moved last; nothing where no model has it.
  std::optional<std::string> LastLabelled(const std::string& label) const;

  // Moves a label. Errors: kNotFound version · kInvalidArgument label's form.
  absl::Status SetLabel(const std::string& model, const std::string& label, int64_t version);

  // Errors: kNotFound · kFailedPrecondition a label points to it (version), or any label exists (model),
  // unless `force`.
  absl::Status DeleteVersion(const std::string& model, int64_t version, bool force);
  absl::Status DeleteModel(const std::string& model, bool force);

  // ReadWeights: those that the embedding at `layer` (weights/embedding_layer.h) needs.
  // Errors: kNotFound · kDataLoss the file is gone, damaged, or not the one that was published (by its
  // digest) · kInvalidArgument a layer that the version does not have.
  absl::StatusOr<weights::TensorMap> ReadEncoder(const std::string& model, int64_t version) const;
  absl::StatusOr<VersionWeights> ReadWeights(const std::string& model, int64_t version,
                                             const std::string& layer) const;
  // Empty where the version has no projector.
  absl::StatusOr<weights::TensorMap> ReadProjector(const std::string& model, int64_t version) const;
  absl::StatusOr<weights::TensorMap> ReadTaggerHead(const std::string& model, int64_t version,
                                                    const std::string& tagger) const;

 private:
  ModelStore(std::shared_ptr<store::Database> database, std::filesystem::path root, const base::Clock& clock)
      : database_(std::move(database)), root_(std::move(root)), clock_(clock) {}

  std::filesystem::path Folder(const std::string& model, int64_t version) const;
  void SettleFolders() const;

  // Runs `body` as a transaction that concerns `model`, then shows the model's new state to the readers.
  absl::Status Write(const std::string& model, const std::function<absl::Status(SQLite::Database&)>& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  absl::StatusOr<Version> Commit(Version version, const std::filesystem::path& staged);
  std::optional<Version> PublishedBy(const std::string& job) const;

  const std::shared_ptr<store::Database> database_;
  const std::filesystem::path root_;
  const base::Clock& clock_;
  base::Mutex derive_mutex_;  // taken before write_mutex_
  base::Mutex write_mutex_;   // one writer after another; taken before mutex_
  mutable base::Mutex mutex_;
  std::map<std::string, CatalogEntry> catalog_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::registry
