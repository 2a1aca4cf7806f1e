#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "core/embed/observer.h"

namespace timbre::metrics {

// The timbre_embed_* families: requests by outcome, the time of those that were answered (whole and by
// phase), seconds of audio, batches and the queue. Refused requests are counted but not timed: they would
// make the service look fast. Threads: safe. Lifetime: the registry outlives it.
class EmbedMetrics final : public embed::Observer {
 public:
  explicit EmbedMetrics(prometheus::Registry& registry);

  void OnRequest(const embed::Timings& timings, const absl::Status& status, double audio_seconds) override;
  void OnBatch(int64_t windows, absl::Duration infer) override;
  void SetLoad(const embed::Load& load);

 private:
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& phases_;
  prometheus::Counter &ok_, &rejected_, &expired_, &canceled_, &invalid_, &failed_;
  prometheus::Histogram &decode_, &queue_, &infer_, &encode_;
  prometheus::Histogram& total_;
  prometheus::Counter& audio_seconds_;
  prometheus::Histogram& batch_windows_;
  prometheus::Histogram& batch_infer_;
  prometheus::Gauge &queue_depth_, &queue_inside_, &queue_age_;

  prometheus::Counter& Outcome(const absl::Status& status);
};

}  // namespace timbre::metrics
