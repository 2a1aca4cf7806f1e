// The view loader as a training runs it: pairs of views from an int16 cache of 29 s clips, one worker, the
// tutorial's chain and CLMR's. An iteration is a batch; items are pairs. The time is that of all threads of
// the process.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "core/audio/windows.h"
#include "core/dataset/cache_folder.h"
#include "core/dataset/pcm_writer.h"
#include "core/dataset/segment.h"
#include "core/dataset/view_loader.h"

namespace timbre::dataset {
namespace {

constexpr int64_t kTracks = 96;
constexpr int64_t kClipSamples = int64_t{29} * audio::kSampleRateHz;

// A cache of noise clips in a folder of its own, removed at the end of the process.
class BenchCache {
 public:
  BenchCache() {
    std::string name = (std::filesystem::temp_directory_path() / "timbre-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    CacheFolder cache(folder_ / "cache");
    if (!cache.Begin().ok()) std::abort();
    auto segment = SegmentWriter::Create(cache.partial_dir()).value();
    CacheIndex index;
    std::vector<float> samples(kClipSamples);
    base::Random random({1});
    const std::filesystem::path loose = folder_ / "loose";
    for (int64_t i = 0; i < kTracks; ++i) {
      for (float& x : samples) x = static_cast<float>(random.Uniform(-0.3, 0.3));
      auto writer = PcmWriter::Create(loose).value();
      if (!writer->Append(samples).ok()) std::abort();
      Clip clip;
      clip.path = clip.track_id = std::to_string(i);
      clip.offset_samples = i * kClipSamples;
      clip.length_samples = kClipSamples;
      clip.pcm_sha256 = writer->Finish().value();
      if (!segment->Append(loose, {clip.path, clip.pcm_sha256, kClipSamples}).ok()) std::abort();
      index.clips.push_back(std::move(clip));
    }
    std::filesystem::remove(loose);
    index.segments.push_back({segment->Finish().value(), kTracks * kClipSamples});
    if (!cache.Commit(index).ok()) std::abort();
    dataset_ = ClipDataset::Open(folder_ / "cache").value();
  }
  ~BenchCache() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  const std::shared_ptr<const ClipDataset>& dataset() const { return dataset_; }

 private:
  std::filesystem::path folder_;
  std::shared_ptr<const ClipDataset> dataset_;
};

void LoadPairs(benchmark::State& state, const augment::ChainConfig& chain) {
  static const BenchCache cache;
  const PairSampler::Options sampler = {
      .seed = 1, .batch_tracks = kTracks, .views = 2, .crop_samples = audio::kWindowSamples};
  ViewLoader::Options options = {
      .sampler = sampler, .chain = chain, .first_step = 0, .workers = 1, .batches_ahead = 2};
  auto loader = ViewLoader::Start(cache.dataset(), options, base::CancelToken()).value();
  // Until the batches' memory goes round.
  for (int i = 0; i < 4; ++i) benchmark::DoNotOptimize(loader->Next().value().samples.data());
  for (auto _ : state) benchmark::DoNotOptimize(loader->Next().value().samples.data());
  state.SetItemsProcessed(state.iterations() * sampler.batch_tracks);
}

BENCHMARK_CAPTURE(LoadPairs, tutorial, augment::TutorialChain())
    ->Name("loader_tutorial")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LoadPairs, clmr, augment::ClmrChain())
    ->Name("loader_clmr")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LoadPairs, crops, augment::ChainConfig())
    ->Name("loader_crops_alone")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timbre::dataset
