#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/audio/windows.h"
#include "core/base/atomic_file.h"
#include "core/base/clock.h"
#include "core/embed/embedder.h"
#include "core/registry/model_registry.h"
#include "core/registry/model_store.h"
#include "core/store/database.h"
#include "tests/fakes/fake_encoder.h"
#include "tests/support/busy_thread.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wav.h"

namespace timbre::embed {

inline constexpr int64_t kWindow = audio::kWindowSamples;
inline constexpr int64_t kDim = 4;

// An embedder on a model "music" with two versions, fakes that scale by 1 and 2; the first is promoted and
// has a tagger with two tags.
class EmbedderTest : public ::testing::Test {
 protected:
  using Answer = absl::StatusOr<EmbedResult>;

  void Start() {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(store_, registry::ModelStore::Create(std::move(database), dir_ / "models"));
    for (int version = 1; version <= 2; ++version) {
      registry::ModelStore::NewVersion next;
      next.model = "music";
      next.card.embedding_dim = kDim;
      next.encoder["scale"] = {{1}, {static_cast<float>(version)}};
      ASSERT_THAT(store_->Publish(next), timbre::testing::IsOk());
    }
    registry::Tagger tagger;
    tagger.tags = {"loud", "quiet"};
    const weights::TensorMap head = {{"weight", {{2, kDim}, {1, 2, 3, 4, -1, -2, -3, -4}}},
                                     {"bias", {{2}, {0.5F, -0.5F}}}};
    ASSERT_THAT(store_->AddTagger("music", 1, tagger, head), timbre::testing::IsOk());
    ASSERT_THAT(store_->SetLabel("music", "stable", 1), timbre::testing::IsOk());

    const auto factory = [this](const registry::Version& version, const registry::VersionWeights& weights) {
      auto encoder = std::make_shared<fakes::FakeEncoder>(fakes::FakeEncoder::Options{
          .window_samples = kWindow, .embedding_dim = kDim, .scale = weights.encoder.at("scale").values[0]});
      encoders_[version.version] = encoder;
      return absl::StatusOr<std::shared_ptr<engine::Encoder>>(std::move(encoder));
    };
    registry_ = std::make_unique<registry::ModelRegistry>(*store_, factory, registry_capacity_);
    options_.batcher.observer = &observer_;
    embedder_ = std::make_unique<Embedder>(*registry_, options_);
  }

  // A request for the promoted version, or for the one named.
  static EmbedRequest Of(AudioInput audio, int64_t version = 0) {
    EmbedRequest request;
    request.audio = std::move(audio);
    if (version == 0) return request;
    request.model.model = "music";
    request.model.version = version;
    return request;
  }
  static EmbedRequest WithTags(EmbedRequest request) {
    request.tags = true;
    return request;
  }

  std::future<Answer> EmbedLater(EmbedRequest request) {
    auto promise = std::make_shared<std::promise<Answer>>();
    embedder_->Embed(std::move(request), [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  Answer Embed(EmbedRequest request) { return EmbedLater(std::move(request)).get(); }

  // One window of silence through a stream.
  absl::Status SubmitWindow(const Embedder::StreamModel& stream) {
    std::promise<absl::Status> promise;
    const absl::Status submitted = embedder_->SubmitWindows(
        stream, {std::vector<float>(static_cast<size_t>(kWindow)), 1},
        [&](const absl::StatusOr<Batcher::Result>& result) { promise.set_value(result.status()); });
    return submitted.ok() ? promise.get_future().get() : submitted;
  }

  static std::vector<float> Noise(int64_t samples, uint64_t seed) {
    return timbre::testing::WhiteNoise(0.1, static_cast<size_t>(samples), seed);
  }
  PcmAudio Pcm(const std::vector<float>& clip) {
    PcmAudio audio;
    audio.bytes = bytes_.emplace_back(timbre::testing::FloatBytes(clip));
    audio.format.sample_rate_hz = 22050;
    return audio;
  }
  std::string_view WavBytes(const std::vector<float>& clip) {
    timbre::testing::WriteAudio(dir_ / "clip.wav", clip);
    return bytes_.emplace_back(*base::ReadFile(dir_ / "clip.wav"));
  }

  // What a fake of this scale answers for the clip, window by window.
  static std::vector<float> Expected(const std::vector<float>& clip, float scale) {
    fakes::FakeEncoder encoder({.window_samples = kWindow, .embedding_dim = kDim, .scale = scale});
    std::vector<float> embeddings;
    const auto spans = audio::PlanWindows(static_cast<int64_t>(clip.size()));
    for (const audio::WindowSpan& span : spans.value()) {
      std::vector<float> window(static_cast<size_t>(kWindow));
      std::vector<float> embedding(static_cast<size_t>(kDim));
      audio::CopyWindow(clip, span, window);
      EXPECT_THAT(encoder.Encode(window, 1, embedding), timbre::testing::IsOk());
      embeddings.insert(embeddings.end(), embedding.begin(), embedding.end());
    }
    return embeddings;
  }

  std::shared_ptr<fakes::FakeEncoder> encoder(int64_t version) { return encoders_[version].lock(); }
  int64_t encoders_calls() {
    int64_t calls = 0;
    for (const auto& [version, encoder] : encoders_) {
      if (const auto alive = encoder.lock()) calls += alive->calls();
    }
    return calls;
  }
  registry::Version VersionOf(int64_t version) { return *store_->GetVersion("music", version); }

  struct CountingObserver final : Observer {
    void OnEnd(const absl::Status& status, const std::string& /*model*/) override {
      ++requests;
      if (!status.ok()) ++failed;
    }
    std::atomic<int64_t> requests = 0, failed = 0;
  };

  const base::Clock& clock_ = base::Clock::System();
  timbre::testing::TempDir dir_;
  std::deque<std::string> bytes_;  // of the requests
  CountingObserver observer_;
  Embedder::Options options_;
  size_t registry_capacity_ = 3;
  std::map<int64_t, std::weak_ptr<fakes::FakeEncoder>> encoders_;  // written by the one decode thread
  std::unique_ptr<registry::ModelStore> store_;
  std::unique_ptr<registry::ModelRegistry> registry_;
  std::unique_ptr<Embedder> embedder_;
};

}  // namespace timbre::embed
