#include "core/registry/model_registry.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "core/base/background.h"
#include "core/base/status_macros.h"
#include "core/registry/model_files.h"

namespace timbre::registry {
namespace {

constexpr const char* kDefaultLabel = "stable";

std::string Named(const Version& version) {
  return absl::StrCat("version ", version.version, " of model '", version.model, "'");
}

// The version behind a label of a model. A model that nobody promoted is another matter than a label that
// nobody knows.
absl::StatusOr<int64_t> VersionOfLabel(const Model& model, const std::string& label) {
  const auto found = model.labels.find(label);
  if (found != model.labels.end()) return found->second;
  if (label == kDefaultLabel) {
    return absl::FailedPreconditionError(absl::StrCat(
        "no version of model '", model.id, "' is promoted to 'stable'; set that label on one of its ",
        model.versions.size(), " versions, or name a version in the request"));
  }
  const auto name = [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); };
  const std::string known = absl::StrJoin(model.labels, ", ", name);
  return absl::NotFoundError(absl::StrCat("model '", model.id, "' has no label '", label, "'; there is ",
                                          known.empty() ? "none" : known));
}

absl::StatusOr<Tagger> ChooseTagger(const Version& version, const std::string& wanted) {
  if (version.taggers.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Named(version), " has no tagger yet; run a linear probe on it with a tagged data set"));
  }
  if (wanted.empty()) return version.taggers.back();
  std::vector<std::string> ids;
  for (const Tagger& tagger : version.taggers) {
    if (tagger.id == wanted) return tagger;
    ids.push_back(tagger.id);
  }
  return absl::NotFoundError(
      absl::StrCat(Named(version), " has no tagger '", wanted, "'; there is ", absl::StrJoin(ids, ", ")));
}

// Lets the encoder make what it makes at the first use, so that no request waits for it; an encoder that
// gives nonsense is not served.
absl::Status WarmUp(engine::Encoder& encoder) {
  const std::vector<float> window(static_cast<size_t>(encoder.window_samples()), 0.0F);
  std::vector<float> embedding(static_cast<size_t>(encoder.embedding_dim()));
  TIMBRE_RETURN_IF_ERROR(encoder.Encode(window, 1, embedding));
  if (std::all_of(embedding.begin(), embedding.end(), [](float value) { return std::isfinite(value); })) {
    return absl::OkStatus();
  }
  return absl::DataLossError("the model's embedding of silence is not finite; its weights are damaged");
}

}  // namespace

// One version: being loaded by one thread while others wait, then loaded.
struct ModelRegistry::Slot {
  explicit Slot(Version of) : version(std::move(of)) {}

  // The same number can be another version, when its model was deleted and made anew.
  bool Holds(const Version& other) const {
    return Is(other.model, other.version) && version.space_id == other.space_id &&
           version.create_time == other.create_time;
  }
  bool Is(const std::string& model_id, int64_t number) const {
    return version.model == model_id && version.version == number;
  }
  bool IsLoading() {
    base::MutexLock lock(mutex);
    return !done;
  }

  const Version version;
  base::Mutex mutex;  // taken after the registry's
  base::Condition changed;
  bool done ABSL_GUARDED_BY(mutex) = false;
  absl::Status status ABSL_GUARDED_BY(mutex);
  std::shared_ptr<const LoadedModel> model ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::shared_ptr<const LoadedTagger>> taggers ABSL_GUARDED_BY(mutex);
};

ModelRegistry::ModelRegistry(ModelStore& store, EncoderFactory factory, size_t capacity, Observer* observer)
    : store_(store),
      factory_(std::move(factory)),
      capacity_(std::max<size_t>(capacity, 1)),
      observer_(observer) {}

ModelRegistry::~ModelRegistry() = default;

absl::StatusOr<std::pair<std::string, int64_t>> ModelRegistry::Resolve(const ModelSelector& selector) const {
  if (selector.version.has_value() && !selector.label.empty()) {
    return absl::InvalidArgumentError("a request names a version or a label, not both");
  }
  if (selector.version.has_value()) {
    if (selector.model.empty()) return absl::InvalidArgumentError("a version number needs its model's id");
    return std::make_pair(selector.model, *selector.version);
  }
  const std::string label = selector.label.empty() ? kDefaultLabel : selector.label;
  std::string id = selector.model;
  if (id.empty()) {
    const std::optional<std::string> last = store_.LastLabelled(label);
    if (!last.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "no model is promoted to '", label,
          "'; train one, then set that label on a version of it, or name a model and a version"));
    }
    id = *last;
  }
  TIMBRE_ASSIGN_OR_RETURN(const Model model, store_.GetModel(id));
  TIMBRE_ASSIGN_OR_RETURN(const int64_t version, VersionOfLabel(model, label));
  return std::make_pair(id, version);
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelRegistry::Acquire(const ModelSelector& selector) {
  TIMBRE_ASSIGN_OR_RETURN(const auto target, Resolve(selector));
  return Load(target.first, target.second);
}

std::shared_ptr<const LoadedModel> ModelRegistry::AcquireLoaded(const ModelSelector& selector) {
  const auto target = Resolve(selector);
  if (!target.ok()) return nullptr;
  const absl::StatusOr<Version> wanted = store_.GetVersion(target->first, target->second);
  if (!wanted.ok()) return nullptr;
  base::MutexLock lock(mutex_);
  const std::shared_ptr<Slot> slot = Touch(*wanted);
  if (slot == nullptr) return nullptr;
  base::MutexLock slot_lock(slot->mutex);
  return slot->model;
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelRegistry::Load(const std::string& model,
                                                                       int64_t version) {
  TIMBRE_ASSIGN_OR_RETURN(const Version wanted, store_.GetVersion(model, version));
  bool is_new = false;
  const std::shared_ptr<Slot> slot = FindOrAdd(wanted, is_new);
  if (is_new) Fill(slot);
  base::MutexLock lock(slot->mutex);
  while (!slot->done) slot->changed.Wait(slot->mutex);
  if (!slot->status.ok()) return slot->status;
  return slot->model;
}

std::shared_ptr<ModelRegistry::Slot> ModelRegistry::FindOrAdd(const Version& version, bool& is_new) {
  base::MutexLock lock(mutex_);
  if (std::shared_ptr<Slot> known = Touch(version); known != nullptr) return known;
  is_new = true;
  slots_.insert(slots_.begin(), std::make_shared<Slot>(version));
  Trim();
  return slots_.front();
}

std::shared_ptr<ModelRegistry::Slot> ModelRegistry::Touch(const Version& version) {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->Holds(version); });
  if (found == slots_.end()) return nullptr;
  std::rotate(slots_.begin(), found, found + 1);
  return slots_.front();
}

void ModelRegistry::Trim() {
  for (size_t i = slots_.size(); i-- > 1 && slots_.size() > capacity_ + promotes_;) {
    // What others wait for stays, else they would load it twice.
    if (!slots_[i]->IsLoading()) slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void ModelRegistry::Fill(const std::shared_ptr<Slot>& slot) {
  const absl::Time begin = absl::Now();
  absl::StatusOr<std::shared_ptr<const LoadedModel>> loaded = MakeModel(slot->version);
  if (observer_ != nullptr) observer_->OnLoaded(loaded.status(), absl::Now() - begin);
  if (!loaded.ok()) Drop(slot);  // the next request tries again
  base::MutexLock lock(slot->mutex);
  slot->done = true;
  slot->status = loaded.status();
  if (loaded.ok()) slot->model = *std::move(loaded);
  slot->changed.NotifyAll();
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelRegistry::MakeModel(const Version& version) const {
  TIMBRE_ASSIGN_OR_RETURN(const VersionWeights weights,
                          store_.ReadWeights(version.model, version.version, version.card.embedding_layer));
  TIMBRE_ASSIGN_OR_RETURN(auto encoder, factory_(version, weights));
  TIMBRE_RETURN_IF_ERROR(WarmUp(*encoder));
  return std::make_shared<const LoadedModel>(LoadedModel{version, std::move(encoder)});
}

void ModelRegistry::Drop(const std::shared_ptr<Slot>& slot) {
  base::MutexLock lock(mutex_);
  slots_.erase(std::remove(slots_.begin(), slots_.end(), slot), slots_.end());
}

absl::StatusOr<std::shared_ptr<const LoadedTagger>> ModelRegistry::AcquireTagger(const LoadedModel& model,
                                                                                 const std::string& tagger) {
  // Taggers are added to a version after it was loaded: the store knows them all.
  TIMBRE_ASSIGN_OR_RETURN(const Version version,
                          store_.GetVersion(model.version.model, model.version.version));
  if (version.space_id != model.version.space_id) {
    return absl::NotFoundError(absl::StrCat(Named(model.version), " has been deleted"));
  }
  TIMBRE_ASSIGN_OR_RETURN(const Tagger chosen, ChooseTagger(version, tagger));
  std::shared_ptr<Slot> slot;
  {
    base::MutexLock lock(mutex_);
    for (const auto& candidate : slots_) {
      if (candidate->Holds(version)) slot = candidate;
    }
  }
  if (slot == nullptr) return MakeTagger(version, chosen);
  {
    base::MutexLock lock(slot->mutex);
    const auto kept = slot->taggers.find(chosen.id);
    if (kept != slot->taggers.end()) return kept->second;
  }
  TIMBRE_ASSIGN_OR_RETURN(auto made, MakeTagger(version, chosen));
  base::MutexLock lock(slot->mutex);
  return slot->taggers.emplace(chosen.id, std::move(made)).first->second;
}

absl::StatusOr<std::shared_ptr<const LoadedTagger>> ModelRegistry::MakeTagger(const Version& version,
                                                                              const Tagger& tagger) const {
  TIMBRE_ASSIGN_OR_RETURN(const weights::TensorMap tensors,
                          store_.ReadTaggerHead(version.model, version.version, tagger.id));
  auto head = weights::TagHeadFromTensors(tensors, static_cast<int64_t>(tagger.tags.size()),
                                          version.card.embedding_dim);
  if (!head.ok()) return absl::DataLossError(head.status().message());
  auto loaded = std::make_shared<LoadedTagger>();
  loaded->info = tagger;
  loaded->head = *std::move(head);
  return loaded;
}

absl::StatusOr<Version> ModelRegistry::Promote(const std::string& model, const std::string& label,
                                               int64_t version) {
  absl::StatusOr<Version> promoted = LoadAndLabel(model, label, version);
  if (observer_ != nullptr) observer_->OnPromoted(promoted.status());
  return promoted;
}

absl::StatusOr<Version> ModelRegistry::LoadAndLabel(const std::string& model, const std::string& label,
                                                    int64_t version) {
  {
    base::MutexLock lock(mutex_);
    ++promotes_;
  }
  absl::StatusOr<std::shared_ptr<const LoadedModel>> loaded;
  base::RunInBackground([&] { loaded = Load(model, version); });
  const absl::Status moved = loaded.ok() ? store_.SetLabel(model, label, version) : loaded.status();
  base::MutexLock lock(mutex_);
  --promotes_;
  // What requests used meanwhile is the newest, and what goes.
  if (moved.ok()) Touch((*loaded)->version);
  Trim();
  if (!moved.ok()) return moved;
  return (*loaded)->version;
}

void ModelRegistry::Evict(const std::string& model, int64_t version) {
  base::MutexLock lock(mutex_);
  const auto is_it = [&](const auto& slot) { return slot->Is(model, version); };
  slots_.erase(std::remove_if(slots_.begin(), slots_.end(), is_it), slots_.end());
}

}  // namespace timbre::registry
