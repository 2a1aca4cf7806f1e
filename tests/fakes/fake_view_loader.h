#pragma once

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "core/base/random.h"
#include "core/dataset/view_loader.h"

namespace timbre::fakes {

// An easy data set without files: track i is a tone of its own, each view of it another phase with a little
// noise. The batch of step k depends on k alone. Threads: one.
class FakeViewLoader final : public dataset::ViewLoader {
 public:
  FakeViewLoader(int64_t tracks, int64_t window_samples, int64_t first_step = 0, int views = 2)
      : tracks_(tracks), window_samples_(window_samples), views_(views), step_(first_step) {}

  // Called with each batch before it is given out.
  void set_on_batch(std::function<void(dataset::ViewBatch&)> on_batch) { on_batch_ = std::move(on_batch); }

  absl::StatusOr<dataset::ViewBatch> Next() override {
    dataset::ViewBatch batch{
        .step = step_, .tracks = tracks_, .views = views_, .window_samples = window_samples_, .samples = {}};
    batch.samples.reserve(static_cast<size_t>(views_ * tracks_ * window_samples_));
    for (int view = 0; view < views_; ++view) {
      for (int64_t track = 0; track < tracks_; ++track) {
        AppendView(static_cast<uint64_t>(track), static_cast<uint64_t>(view), batch);
      }
    }
    for (int64_t track = 0; track < tracks_; ++track) batch.groups.push_back(track);
    ++step_;
    if (on_batch_) on_batch_(batch);
    return batch;
  }

  absl::Duration total_wait() const override { return absl::ZeroDuration(); }
  int64_t steps_per_epoch() const override { return 1; }

 private:
  void AppendView(uint64_t track, uint64_t view, dataset::ViewBatch& batch) const {
    base::Random random({static_cast<uint64_t>(step_), track, view});
    const double turn = 2 * std::numbers::pi;
    const double phase = random.Uniform(0, turn);
    const double hz = 150 * (1 << track);
    for (int64_t i = 0; i < window_samples_; ++i) {
      const double tone = std::sin(turn * hz * static_cast<double>(i) / 22050 + phase);
      batch.samples.push_back(static_cast<float>(0.5 * tone + random.Uniform(-0.05, 0.05)));
    }
  }

  const int64_t tracks_;
  const int64_t window_samples_;
  const int views_;
  int64_t step_;
  std::function<void(dataset::ViewBatch&)> on_batch_;
};

}  // namespace timbre::fakes
