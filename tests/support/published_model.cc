#include "tests/support/published_model.h"

#include <torch/torch.h>

#include "core/base/random.h"
#include "core/model/encoder_module.h"
#include "core/registry/model_store.h"
#include "core/store/database.h"
#include "server/app/core_rooms.h"
#include "tests/support/matchers.h"

namespace timbre::testing {
namespace {

weights::TensorMap RandomHead(size_t tags, uint64_t seed) {
  base::Random random({seed, 1});
  weights::TensorMap head;
  head["weight"] = {{static_cast<int64_t>(tags), 512}, std::vector<float>(tags * 512)};
  head["bias"] = {{static_cast<int64_t>(tags)}, std::vector<float>(tags, 0.1F)};
  for (float& x : head["weight"].values) x = static_cast<float>(random.Normal());
  return head;
}

}  // namespace

void PublishModel(const std::filesystem::path& state_dir, const std::string& model, uint64_t seed,
                  const std::vector<std::string>& tags) {
  const app::StateLayout layout(state_dir);
  std::filesystem::create_directories(layout.models);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto database, store::Database::Open(layout.database));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto store, registry::ModelStore::Create(database, layout.models));

  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, timbre::model::MakeEncoder({.seed = seed}));
  registry::ModelStore::NewVersion version;
  version.model = model;
  version.encoder = timbre::model::ExportTensors(*encoder);
  version.card.weights_digest = weights::DigestTensors(version.encoder);
  version.card.seed = seed;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const registry::Version published, store->Publish(version));
  registry::Tagger tagger;
  tagger.tags = tags;
  ASSERT_THAT(store->AddTagger(model, published.version, tagger, RandomHead(tags.size(), seed)), IsOk());
  ASSERT_THAT(store->SetLabel(model, "stable", published.version), IsOk());
}

}  // namespace timbre::testing
