#include "core/registry/model_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/registry/in_flight.h"
#include "core/registry/model_files.h"
#include "core/registry/model_rows.h"
#include "core/registry/resource_id.h"
#include "core/store/migrate.h"
#include "core/weights/embedding_layer.h"
#include "core/weights/tag_head.h"

namespace timbre::registry {
namespace {

namespace fs = std::filesystem;

std::string Listed(const std::vector<std::string>& names) {
  return names.empty() ? "none is there" : absl::StrCat("there is ", absl::StrJoin(names, ", "));
}

absl::StatusOr<Version> FindVersion(const Model& model, int64_t number) {
  std::vector<std::string> numbers;
  for (const Version& version : model.versions) {
    if (version.version == number) return version;
    numbers.push_back(absl::StrCat(version.version));
  }
  return absl::NotFoundError(
      absl::StrCat("model '", model.id, "' has no version ", number, "; ", Listed(numbers)));
}

// The labels that hold a version, or any version where `version` is 0.
std::vector<std::string> Holders(const Model& model, int64_t version) {
  std::vector<std::string> labels;
  for (const auto& [label, target] : model.labels) {
    if (version == 0 || target == version) labels.push_back(absl::StrCat(label, " -> ", target));
  }
  return labels;
}

absl::Status CheckUnlabelled(const Model& model, int64_t version, bool force) {
  const std::vector<std::string> holders = Holders(model, version);
  if (force || holders.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("model '", model.id, "' is in use by its labels (", absl::StrJoin(holders, ", "),
                   "); move them to another version first, or force the deletion"));
}

absl::Status CheckTagger(const Version& version, const Tagger& tagger, const weights::TensorMap& head) {
  TIMBRE_RETURN_IF_ERROR(CheckId("tagger", tagger.id));
  if (tagger.tags.empty()) return absl::InvalidArgumentError("a tagger needs at least one tag");
  return weights::TagHeadFromTensors(head, static_cast<int64_t>(tagger.tags.size()),
                                     version.card.embedding_dim)
      .status();
}

// The card says truly where the embedding is taken.
absl::Status CheckLayer(const ModelStore::NewVersion& version) {
  if (version.card.embedding_layer == weights::kEncoderLayer) return absl::OkStatus();
  TIMBRE_ASSIGN_OR_RETURN(const int64_t dim,
                          weights::LayerDim(version.card.embedding_layer, 0, version.projector));
  if (dim == version.card.embedding_dim) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the card says that an embedding has ",
                                                 version.card.embedding_dim, " numbers; ",
                                                 version.card.embedding_layer, " gives ", dim));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ModelStore>> ModelStore::Create(std::shared_ptr<store::Database> database,
                                                               const fs::path& root,
                                                               const base::Clock& clock) {
  TIMBRE_RETURN_IF_ERROR(store::Migrate(*database, "models", rows::SchemaSteps()));
  std::unique_ptr<ModelStore> models(new ModelStore(std::move(database), root, clock));
  std::map<std::string, CatalogEntry> catalog;
  const absl::Status loaded = models->database_->Read([&](SQLite::Database& db) -> absl::Status {
    TIMBRE_ASSIGN_OR_RETURN(catalog, rows::LoadModels(db));
    return absl::OkStatus();
  });
  TIMBRE_RETURN_IF_ERROR(loaded);
  {
    base::MutexLock lock(models->mutex_);
    models->catalog_ = std::move(catalog);
  }
  models->SettleFolders();
  return models;
}

fs::path ModelStore::Folder(const std::string& model, int64_t version) const {
  return root_ / model / absl::StrCat(version);
}

void ModelStore::SettleFolders() const {
  RemoveStaged(root_);
  std::error_code error;
  for (fs::directory_iterator model(root_, error), end; !error && model != end; model.increment(error)) {
    std::error_code unreadable;
    if (!model->is_directory(unreadable)) continue;
    const absl::StatusOr<Model> known = GetModel(model->path().filename().string());
    if (IsInFlight(model->path())) SettleFolder(model->path(), known.ok());
    std::error_code ignored;
    for (fs::directory_iterator version(model->path(), ignored); !ignored && version != end;
         version.increment(ignored)) {
      if (!version->is_directory(unreadable)) continue;
      const auto is_it = [&](const Version& v) {
        return absl::StrCat(v.version) == version->path().filename();
      };
      SettleFolder(version->path(),
                   known.ok() && std::any_of(known->versions.begin(), known->versions.end(), is_it));
    }
    if (fs::is_empty(model->path(), ignored)) fs::remove(model->path(), ignored);
  }
}

absl::Status ModelStore::Write(const std::string& model,
                               const std::function<absl::Status(SQLite::Database&)>& body) {
  std::optional<CatalogEntry> entry;
  const absl::Status written = database_->Transaction([&](SQLite::Database& db) -> absl::Status {
    TIMBRE_RETURN_IF_ERROR(body(db));
    TIMBRE_ASSIGN_OR_RETURN(entry, rows::LoadModel(db, model));
    return absl::OkStatus();
  });
  TIMBRE_RETURN_IF_ERROR(written);
  base::MutexLock lock(mutex_);
  if (entry.has_value()) {
    catalog_[model] = *std::move(entry);
  } else {
    catalog_.erase(model);
  }
  return absl::OkStatus();
}

std::optional<Version> ModelStore::PublishedBy(const std::string& job) const {
  if (job.empty()) return std::nullopt;
  base::MutexLock lock(mutex_);
  for (const auto& [id, entry] : catalog_) {
    for (const Version& version : entry.model.versions) {
      if (version.card.job == job) return version;
    }
  }
  return std::nullopt;
}

absl::StatusOr<Version> ModelStore::Publish(const NewVersion& version) {
  TIMBRE_RETURN_IF_ERROR(CheckId("model", version.model));
  if (version.encoder.empty())
    return absl::InvalidArgumentError("a model version needs an encoder's tensors");
  TIMBRE_RETURN_IF_ERROR(CheckLayer(version));
  if (auto earlier = PublishedBy(version.card.job); earlier.has_value()) return *std::move(earlier);
  NewVersion complete = version;
  complete.card.weights_digest = weights::DigestTensors(version.encoder);
  complete.card.projector_digest = version.projector.empty() ? "" : weights::DigestTensors(version.projector);
  if (complete.card.create_time == absl::Time()) complete.card.create_time = clock_.Now();
  Version result;
  result.model = version.model;
  result.card = complete.card;
  result.space_id = weights::EmbeddingSpaceId(complete.card);
  result.create_time = clock_.Now();
  TIMBRE_ASSIGN_OR_RETURN(const fs::path staged, StageVersion(root_, complete));
  absl::StatusOr<Version> published = Commit(std::move(result), staged);
  std::error_code ignored;
  fs::remove_all(staged, ignored);  // there only if it was not renamed
  return published;
}

absl::StatusOr<Version> ModelStore::Commit(Version version, const fs::path& staged) {
  base::MutexLock lock(write_mutex_);
  if (auto earlier = PublishedBy(version.card.job); earlier.has_value()) return *std::move(earlier);
  fs::path folder;
  const absl::Status written = Write(version.model, [&](SQLite::Database& db) -> absl::Status {
    version.version = rows::NextVersion(db, version.model, version.create_time);
    // A folder that somebody put there is not ours to overwrite.
    while (fs::exists(Folder(version.model, version.version))) ++version.version;
    TIMBRE_RETURN_IF_ERROR(MoveIntoPlace(staged, Folder(version.model, version.version)));
    folder = Folder(version.model, version.version);
    rows::InsertVersion(db, version);
    return absl::OkStatus();
  });
  if (!written.ok()) {
    if (!folder.empty()) RemoveFolder(folder);
    return written;
  }
  ClearInFlight(folder);
  return GetVersion(version.model, version.version);
}

absl::StatusOr<Tagger> ModelStore::AddTagger(const std::string& model, int64_t version, Tagger tagger,
                                             const weights::TensorMap& head) {
  base::MutexLock lock(write_mutex_);
  TIMBRE_ASSIGN_OR_RETURN(const Version owner, GetVersion(model, version));
  for (const Tagger& earlier : owner.taggers) {
    if (!tagger.job.empty() && earlier.job == tagger.job) return earlier;
  }
  if (tagger.id.empty()) tagger.id = absl::StrCat("t", owner.taggers.size() + 1);
  TIMBRE_RETURN_IF_ERROR(CheckTagger(owner, tagger, head));
  for (const Tagger& earlier : owner.taggers) {
    if (earlier.id == tagger.id) {
      return absl::AlreadyExistsError(absl::StrCat("version ", version, " of model '", model,
                                                   "' has a tagger '", tagger.id,
                                                   "' already; choose another id"));
    }
  }
  if (tagger.create_time == absl::Time()) tagger.create_time = clock_.Now();
  // A crash between the two leaves a file that no row names; the next tagger of that id replaces it.
  TIMBRE_RETURN_IF_ERROR(weights::WriteTensorFile(TaggerFile(Folder(model, version), tagger.id), head));
  const absl::Status written = Write(model, [&](SQLite::Database& db) {
    rows::InsertTagger(db, owner, tagger);
    return absl::OkStatus();
  });
  TIMBRE_RETURN_IF_ERROR(written);
  return tagger;
}

absl::StatusOr<Model> ModelStore::GetModel(const std::string& model) const {
  base::MutexLock lock(mutex_);
  const auto found = catalog_.find(model);
  if (found != catalog_.end()) return found->second.model;
  std::vector<std::string> ids;
  for (const auto& [id, entry] : catalog_) ids.push_back(id);
  return absl::NotFoundError(absl::StrCat("there is no model '", model, "'; ", Listed(ids)));
}

absl::StatusOr<std::vector<Model>> ModelStore::ListModels() const {
  base::MutexLock lock(mutex_);
  std::vector<Model> models;
  for (const auto& [id, entry] : catalog_) models.push_back(entry.model);
  return models;
}

absl::StatusOr<Version> ModelStore::GetVersion(const std::string& model, int64_t version) const {
  TIMBRE_ASSIGN_OR_RETURN(const Model found, GetModel(model));
  return FindVersion(found, version);
}

std::optional<std::string> ModelStore::LastLabelled(const std::string& label) const {
  base::MutexLock lock(mutex_);
  std::optional<std::string> model;
  int64_t last = 0;
  for (const auto& [id, entry] : catalog_) {
    const auto move = entry.label_moves.find(label);
    if (move == entry.label_moves.end() || move->second <= last) continue;
    last = move->second;
    model = id;
  }
  return model;
}

absl::Status ModelStore::SetLabel(const std::string& model, const std::string& label, int64_t version) {
  TIMBRE_RETURN_IF_ERROR(CheckId("label", label));
  base::MutexLock lock(write_mutex_);
  TIMBRE_RETURN_IF_ERROR(GetVersion(model, version).status());
  return Write(model, [&](SQLite::Database& db) {
    rows::SetLabel(db, model, label, version);
    return absl::OkStatus();
  });
}

absl::Status ModelStore::DeleteVersion(const std::string& model, int64_t version, bool force) {
  base::MutexLock lock(write_mutex_);
  TIMBRE_ASSIGN_OR_RETURN(const Model found, GetModel(model));
  TIMBRE_RETURN_IF_ERROR(FindVersion(found, version).status());
  TIMBRE_RETURN_IF_ERROR(CheckUnlabelled(found, version, force));
  TIMBRE_RETURN_IF_ERROR(MarkInFlight(Folder(model, version)));
  absl::Status written = Write(model, [&](SQLite::Database& db) {
    rows::DeleteVersion(db, model, version);
    return absl::OkStatus();
  });
  if (written.ok()) RemoveFolder(Folder(model, version));
  return written;
}

absl::Status ModelStore::DeleteModel(const std::string& model, bool force) {
  base::MutexLock lock(write_mutex_);
  TIMBRE_ASSIGN_OR_RETURN(const Model found, GetModel(model));
  TIMBRE_RETURN_IF_ERROR(CheckUnlabelled(found, 0, force));
  TIMBRE_RETURN_IF_ERROR(MarkInFlight(root_ / model));
  absl::Status written = Write(model, [&](SQLite::Database& db) {
    rows::DeleteModel(db, model);
    return absl::OkStatus();
  });
  if (written.ok()) RemoveFolder(root_ / model);
  return written;
}

}  // namespace timbre::registry
