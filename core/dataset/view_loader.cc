#include "core/dataset/view_loader.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"

namespace timbre::dataset {
namespace {

constexpr uint64_t kViewStream = 0x76696577;  // "view": names the random streams of the effects

// A clip that is shorter than the crop is repeated to fill it.
void CutCrop(const ClipDataset& dataset, const Crop& crop, std::span<float> out) {
  const Clip& clip = dataset.clips()[crop.clip];
  const auto available = static_cast<size_t>(clip.length_samples - crop.begin_samples);
  const size_t filled = std::min(out.size(), available);
  dataset.ReadFloat(clip, crop.begin_samples, out.first(filled));
  for (size_t i = filled; i < out.size(); ++i) out[i] = out[i - filled];
}

absl::Status CheckOptions(const ViewLoader::Options& options) {
  if (options.workers < 1 || options.batches_ahead < 1 || options.first_step < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a view loader needs workers (", options.workers, ") and batches_ahead (", options.batches_ahead,
        ") of 1 or more, and a first_step (", options.first_step, ") of 0 or more"));
  }
  return absl::OkStatus();
}

// Workers claim steps in order, at most `batches_ahead` beyond what Next has taken, and put the batches into
// a map from which Next takes them in order.
class PrefetchingLoader final : public ViewLoader {
 public:
  PrefetchingLoader(std::shared_ptr<const ClipDataset> dataset, PairSampler sampler, augment::Chain chain,
                    const Options& options)
      : dataset_(std::move(dataset)),
        sampler_(std::move(sampler)),
        chain_(std::move(chain)),
        batches_ahead_(options.batches_ahead),
        next_to_make_(options.first_step),
        next_to_take_(options.first_step) {}

  ~PrefetchingLoader() override {
    cancel_.RemoveCallback(callback_);
    Stop();
    for (std::thread& worker : workers_) worker.join();
  }

  void Launch(int workers, base::CancelToken cancel) {
    cancel_ = std::move(cancel);
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
    callback_ = cancel_.OnCancel([this] { Stop(); });
  }

  absl::StatusOr<ViewBatch> Next() override {
    base::MutexLock lock(mutex_);
    if (!stopped_ && ready_.count(next_to_take_) == 0) WaitForBatch();
    TIMBRE_RETURN_IF_ERROR(cancel_.Check());
    TIMBRE_RETURN_IF_ERROR(broken_);
    ViewBatch batch = std::move(ready_.extract(next_to_take_).mapped());
    ++next_to_take_;
    room_.NotifyAll();
    return batch;
  }

  absl::Duration total_wait() const override {
    base::MutexLock lock(mutex_);
    return total_wait_;
  }

  int64_t steps_per_epoch() const override { return sampler_.steps_per_epoch(); }

 private:
  void WaitForBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto start = std::chrono::steady_clock::now();
    while (!stopped_ && ready_.count(next_to_take_) == 0) batch_ready_.Wait(mutex_);
    total_wait_ += absl::FromChrono(std::chrono::steady_clock::now() - start);
  }

  void Stop(const absl::Status& broken = absl::OkStatus()) {
    base::MutexLock lock(mutex_);
    broken_.Update(broken);
    stopped_ = true;
    room_.NotifyAll();
    batch_ready_.NotifyAll();
  }

  // The next step to make; false once stopped.
  bool Claim(int64_t& step) {
    base::MutexLock lock(mutex_);
    while (!stopped_ && next_to_make_ >= next_to_take_ + batches_ahead_) room_.Wait(mutex_);
    step = next_to_make_;
    if (!stopped_) ++next_to_make_;
    return !stopped_;
  }

  ViewBatch MakeBatch(int64_t step) const {
    const std::vector<std::vector<Crop>> crops = sampler_.Batch(step);
    const PairSampler::Options& options = sampler_.options();
    ViewBatch batch = {.step = step,
                       .tracks = static_cast<int64_t>(crops.size()),
                       .views = options.views,
                       .window_samples = options.crop_samples,
                       .samples = BatchSamples(BatchAllocator<float>(memory_))};
    for (const std::vector<Crop>& item : crops) batch.groups.push_back(sampler_.group(item.front().clip));
    const auto window = static_cast<size_t>(batch.window_samples);
    batch.samples.resize(static_cast<size_t>(batch.views) * crops.size() * window);
    for (size_t view = 0; view < static_cast<size_t>(batch.views); ++view) {
      for (size_t track = 0; track < crops.size(); ++track) {
        const std::span<float> out =
            std::span(batch.samples).subspan((view * crops.size() + track) * window, window);
        CutCrop(*dataset_, crops[track][view], out);
        base::Random random({options.seed, kViewStream, static_cast<uint64_t>(step), track, view});
        chain_.Apply(out, random);
      }
    }
    return batch;
  }

  void Work() {
    int64_t step = 0;
    while (Claim(step)) {
      try {
        ViewBatch batch = MakeBatch(step);
        base::MutexLock lock(mutex_);
        ready_.emplace(step, std::move(batch));
        batch_ready_.NotifyAll();
      } catch (const std::bad_alloc&) {
        Stop(absl::ResourceExhaustedError(
            "no memory for a batch; use a smaller batch or fewer loader workers"));
      }
    }
  }

  const std::shared_ptr<const ClipDataset> dataset_;
  const PairSampler sampler_;
  const augment::Chain chain_;
  const std::shared_ptr<BatchMemory> memory_ = std::make_shared<BatchMemory>();
  const int batches_ahead_;
  base::CancelToken cancel_;
  int64_t callback_ = 0;
  std::vector<std::thread> workers_;

  mutable base::Mutex mutex_;
  base::Condition room_;         // a step may be claimed
  base::Condition batch_ready_;  // a batch came
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);  // why a worker stopped by itself
  int64_t next_to_make_ ABSL_GUARDED_BY(mutex_);
  int64_t next_to_take_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, ViewBatch> ready_ ABSL_GUARDED_BY(mutex_);
  absl::Duration total_wait_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<ViewLoader>> ViewLoader::Start(std::shared_ptr<const ClipDataset> dataset,
                                                              const Options& options,
                                                              base::CancelToken cancel) {
  TIMBRE_RETURN_IF_ERROR(CheckOptions(options));
  TIMBRE_ASSIGN_OR_RETURN(PairSampler sampler, PairSampler::Create(*dataset, options.sampler));
  TIMBRE_ASSIGN_OR_RETURN(augment::Chain chain, augment::Chain::Create(options.chain));
  auto loader =
      std::make_unique<PrefetchingLoader>(std::move(dataset), std::move(sampler), std::move(chain), options);
  loader->Launch(options.workers, std::move(cancel));
  return loader;
}

}  // namespace timbre::dataset
