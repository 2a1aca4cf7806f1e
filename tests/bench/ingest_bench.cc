// Ingest of a folder of 29 s stereo files at 44,100 Hz, a music-like chord with noise: MP3, FLAC and WAV. An
// item is a second of audio. `_decode`: into an empty store; `_cached`: all contents are in the store, so
// that files are only hashed. `_1` has one thread and the CPU time of the process; `_all` has all cores and
// wall time. TIMBRE_BENCH_CORPUS names a folder for the files (mp3/ flac/ wav/), made on demand and shared
// with the peers; without it they are made in a folder that is removed at the end.

#include <benchmark/benchmark.h>
#include <sndfile.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/dataset/ingest.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 12;
constexpr int kSeconds = 29;
constexpr int kRateHz = 44100;

struct Kind {
  const char* name;
  int format;
};
constexpr Kind kKinds[] = {{"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
                           {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                           {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16}};

std::vector<float> Music(uint64_t seed) {
  base::Random random({seed});
  std::vector<float> stereo(static_cast<size_t>(2 * kSeconds * kRateHz));
  for (size_t i = 0; i < stereo.size() / 2; ++i) {
    const double t = static_cast<double>(i) / kRateHz;
    double x = 0.02 * random.Normal();
    for (const double hertz : {110.0, 220.0, 277.2, 329.6, 1318.5}) {
      x += 0.1 * std::sin(6.283185 * (hertz + static_cast<double>(seed)) * t);
    }
    stereo[2 * i] = static_cast<float>(x);
    stereo[2 * i + 1] = static_cast<float>(0.7 * x + 0.01 * random.Normal());
  }
  return stereo;
}

void WriteFiles(const fs::path& folder) {
  if (fs::exists(folder / "complete")) return;
  for (int file = 0; file < kFiles; ++file) {
    const std::vector<float> stereo = Music(static_cast<uint64_t>(file));
    for (const Kind& kind : kKinds) {
      fs::create_directories(folder / kind.name);
      const std::string path = folder / kind.name / (std::to_string(file) + "." + kind.name);
      SF_INFO info = {.frames = 0,
                      .samplerate = kRateHz,
                      .channels = 2,
                      .format = kind.format,
                      .sections = 0,
                      .seekable = 0};
      SNDFILE* out = sf_open(path.c_str(), SFM_WRITE, &info);
      if (out == nullptr) std::abort();
      constexpr sf_count_t kBlock = 4096;  // some encoders keep a whole write on the stack
      const auto frames = static_cast<sf_count_t>(stereo.size() / 2);
      for (sf_count_t done = 0; done < frames; done += kBlock) {
        sf_writef_float(out, stereo.data() + 2 * done, std::min(kBlock, frames - done));
      }
      sf_close(out);
    }
  }
  fs::create_directory(folder / "complete");
}

// The corpus, and a folder for stores and caches.
class Folders {
 public:
  Folders() {
    std::string name = (fs::temp_directory_path() / "timbre-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    work_ = name;
    const char* corpus = std::getenv("TIMBRE_BENCH_CORPUS");
    corpus_ = corpus != nullptr ? fs::path(corpus) : work_ / "corpus";
    WriteFiles(corpus_);
  }
  ~Folders() {
    std::error_code ignored;
    fs::remove_all(work_, ignored);
  }
  const fs::path& work() const { return work_; }
  const fs::path& corpus() const { return corpus_; }

 private:
  fs::path work_;
  fs::path corpus_;
};

void IngestFolder(benchmark::State& state, const std::string& kind, int threads, bool cached) {
  static const Folders folders;
  IngestOptions options;
  options.source_dir = folders.corpus() / kind;
  options.cache_dir = folders.work() / "cache";
  options.blob_dir = folders.work() / "blobs";
  options.threads = threads;
  double seconds = 0;
  for (auto _ : state) {
    state.PauseTiming();
    // A cache stands: the next ingest replaces it and finds its blobs. Else nothing is left.
    if (!cached) {
      fs::remove_all(options.cache_dir);
      fs::remove_all(options.blob_dir);
    } else if (!fs::exists(options.cache_dir)) {
      Ingest(options, {}, nullptr).value();
    }
    state.ResumeTiming();
    const IngestReport report = Ingest(options, {}, nullptr).value();
    if (report.files_cached != (cached ? kFiles : 0)) state.SkipWithError("the store was not as expected");
    seconds += report.audio_seconds;
  }
  fs::remove_all(options.cache_dir);
  fs::remove_all(options.blob_dir);
  state.SetItemsProcessed(static_cast<int64_t>(seconds));
}

const int kRegistered = [] {
  for (const Kind& kind : kKinds) {
    for (const bool cached : {false, true}) {
      const std::string name = std::string(kind.name) + (cached ? "_cached" : "_decode");
      benchmark::RegisterBenchmark((name + "_1").c_str(), IngestFolder, kind.name, 1, cached)
          ->MeasureProcessCPUTime()
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark((name + "_all").c_str(), IngestFolder, kind.name, 0, cached)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  return 0;
}();

}  // namespace
}  // namespace timbre::dataset
