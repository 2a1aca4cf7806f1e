#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/engine/encoder.h"
#include "core/registry/model_store.h"
#include "core/registry/observer.h"
#include "core/weights/tag_head.h"
#include "core/weights/tensor_file.h"

namespace timbre::registry {

// A tagger ready to use. Threads: safe (const).
struct LoadedTagger {
  Tagger info;
  weights::TagHead head;

  // embedding [dim] -> probabilities [tags]. The length must be the model's embedding_dim.
  std::vector<float> Score(std::span<const float> embedding) const { return head.Score(embedding); }
};

// A version in memory. Held by shared_ptr: whoever uses it keeps it alive, also after another was promoted.
struct LoadedModel {
  Version version;
  std::shared_ptr<engine::Encoder> encoder;
};

// Which model a request means: a model id, and a version number or a label. Without a model: the one whose
// label (default `stable`) was moved last.
struct ModelSelector {
  std::string model;
  std::optional<int64_t> version;
  std::string label;   // default "stable"
  std::string tagger;  // for Tag; empty: the version's default
};

// Resolves selectors to loaded models; loads and warms up on first use (or ahead: Promote) and keeps the last
// `capacity` versions. Threads: safe. Loading does not block requests for other versions.
class ModelRegistry {
 public:
  // Makes an encoder from a version's weights: the composition root says which engine.
  using EncoderFactory =
      std::function<absl::StatusOr<std::shared_ptr<engine::Encoder>>(const Version&, const VersionWeights&)>;

  // `observer` may be null; else it outlives the registry.
  ModelRegistry(ModelStore& store, EncoderFactory factory, size_t capacity = 3, Observer* observer = nullptr);
  ~ModelRegistry();

  // Several threads that ask for one version load it once; an evicted version lives on as long as somebody
  // holds it. Errors: kInvalidArgument version and label, or a version without a model · kNotFound unknown
  // model, version or label (lists what there is) · kFailedPrecondition nothing promoted yet (says what to
  // do) · as the factory.
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Acquire(const ModelSelector& selector);

  // The same where it takes no time: null unless the version is in memory already, or the selector is in
  // error.
  std::shared_ptr<const LoadedModel> AcquireLoaded(const ModelSelector& selector);

  // An empty `tagger` is the newest. Errors: kNotFound · kFailedPrecondition the version has no tagger (says
  // what to do) · kDataLoss.
  absl::StatusOr<std::shared_ptr<const LoadedTagger>> AcquireTagger(const LoadedModel& model,
                                                                    const std::string& tagger);

  // Loads the version first, then moves the label, so that no request waits for it; meanwhile one version
  // more than `capacity` is kept, and what served until then. A promote that fails leaves the old in place.
  // Errors: as Acquire, and as ModelStore::SetLabel.
  absl::StatusOr<Version> Promote(const std::string& model, const std::string& label, int64_t version);

  // Forgets a deleted version.
  void Evict(const std::string& model, int64_t version);

 private:
  struct Slot;
  absl::StatusOr<std::pair<std::string, int64_t>> Resolve(const ModelSelector& selector) const;
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const std::string& model, int64_t version);
  // The version's slot, now the most recently used; null where it has none.
  std::shared_ptr<Slot> Touch(const Version& version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Trim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<Slot> FindOrAdd(const Version& version, bool& is_new);
  void Fill(const std::shared_ptr<Slot>& slot);
  void Drop(const std::shared_ptr<Slot>& slot);
  absl::StatusOr<Version> LoadAndLabel(const std::string& model, const std::string& label, int64_t version);
  absl::StatusOr<std::shared_ptr<const LoadedModel>> MakeModel(const Version& version) const;
  absl::StatusOr<std::shared_ptr<const LoadedTagger>> MakeTagger(const Version& version,
                                                                 const Tagger& tagger) const;

  ModelStore& store_;
  const EncoderFactory factory_;
  const size_t capacity_;
  Observer* const observer_;
  base::Mutex mutex_;
  std::vector<std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  size_t promotes_ ABSL_GUARDED_BY(mutex_) = 0;                       // under way
};

}  // namespace timbre::registry
