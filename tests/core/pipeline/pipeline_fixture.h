#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/dataset/ingest.h"
#include "core/pipeline/training_run.h"
#include "core/registry/model_store.h"
#include "core/store/database.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_corpus.h"

namespace timbre::pipeline {

// A model store, and small data sets made from synthesised audio.
class PipelineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(models_, registry::ModelStore::Create(std::move(database), dir_ / "models"));
  }

  // Tracks of one clip of 62,000 samples (two windows), half of them tagged "low", half "noise".
  std::shared_ptr<const dataset::ClipDataset> Corpus(const std::string& name, int tracks) {
    timbre::testing::WriteTinyCorpus(dir_.path(), name, tracks);
    return Ingest(name);
  }

  std::shared_ptr<const dataset::ClipDataset> Ingest(const std::string& name) {
    dataset::IngestOptions options;
    options.source_dir = dir_ / name;
    options.cache_dir = dir_ / (name + ".cache");
    options.blob_dir = dir_ / "blobs";
    EXPECT_THAT(dataset::Ingest(options, {}, nullptr), timbre::testing::IsOk());
    auto opened = dataset::ClipDataset::Open(options.cache_dir);
    EXPECT_THAT(opened, timbre::testing::IsOk());
    return opened.ok() ? *opened : nullptr;
  }

  TrainingRunRequest TinyTraining(const std::string& job) {
    TrainingRunRequest request;
    request.job = job;
    request.model = "tiny";
    request.dataset = "datasets/pretrain";
    request.training_config_text = "batch_tracks: 2";
    request.config.chain = augment::TutorialChain();
    request.config.batch_tracks = 2;
    request.config.steps = 3;
    request.runtime.device = "cpu";
    request.runtime.precision = "fp32";
    request.work_dir = dir_ / job;
    return request;
  }

  timbre::testing::TempDir dir_;
  std::unique_ptr<registry::ModelStore> models_;
};

}  // namespace timbre::pipeline
