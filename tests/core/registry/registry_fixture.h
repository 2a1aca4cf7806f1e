#pragma once

// A model store in a folder of its own, and versions with weights that tell them apart.

#include <filesystem>
#include <memory>
#include <string>

#include "core/registry/model_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::registry {

constexpr int kDim = 4;

inline ModelStore::NewVersion NewVersion(const std::string& model, const std::string& job, float weight = 1) {
  ModelStore::NewVersion version;
  version.model = model;
  version.card.job = job;
  version.card.embedding_dim = kDim;
  version.card.dataset = "datasets/songs";
  version.encoder["scale"] = {{1}, {weight}};
  version.projector["p"] = {{2, 1}, {1, 2}};
  return version;
}

inline Tagger NewTagger(const std::string& job, const std::string& id = "") {
  Tagger tagger;
  tagger.id = id;
  tagger.job = job;
  tagger.tags = {"rock", "jazz"};
  tagger.mean_average_precision = 0.5;
  tagger.evaluation = std::string("\0bytes", 6);
  return tagger;
}

// Row `tag` of the weights is all `first + tag`.
inline weights::TensorMap NewHead(float first = 1) {
  weights::TensorMap head;
  head["weight"] = {{2, kDim}, std::vector<float>(2 * kDim, first)};
  for (int d = 0; d < kDim; ++d) head["weight"].values[kDim + d] = first + 1;
  head["bias"] = {{2}, {0, -1}};
  return head;
}

class ModelStoreFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(database_, store::Database::OpenInMemoryForTest());
    Reopen();
  }
  // As a new server does on the same database and folder.
  void Reopen() { TIMBRE_ASSERT_OK_AND_ASSIGN(models_, ModelStore::Create(database_, root(), clock_)); }

  std::filesystem::path root() const { return folder_ / "models"; }
  Version Publish(const std::string& model, const std::string& job = "", float weight = 1) {
    auto version = models_->Publish(NewVersion(model, job, weight));
    EXPECT_THAT(version, testing::IsOk());
    return version.ok() ? *version : Version();
  }

  testing::TempDir folder_;
  fakes::FakeClock clock_;
  std::shared_ptr<store::Database> database_;
  std::unique_ptr<ModelStore> models_;
};

}  // namespace timbre::registry
