#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <map>
#include <optional>
#include <string>

#include "core/base/exhausted.h"
#include "core/base/mutex.h"
#include "core/embed/observer.h"

namespace timbre::metrics {

// The timbre_embed_* families: requests and streams by outcome, the time of those that were answered (whole
// and by phase; of a stream piece by piece), seconds of audio, batches and the queue. Refused requests are
// counted but not timed: they would make the service look fast. Whole times and queue also have the label
// `priority` (bulk waits by design: alerts look at interactive). What belongs to a request has the label
// `model`: empty where the request ended before its model was found, "other" beyond a hundred models.
// Threads: safe. Lifetime: the registry outlives it.
class EmbedMetrics final : public embed::Observer {
 public:
  explicit EmbedMetrics(prometheus::Registry& registry);

  void OnAnswer(const embed::AnswerReport& report) override;
  void OnEnd(const absl::Status& status, const std::string& model) override;
  void OnBatch(int64_t windows, absl::Duration infer) override;
  void SetLoad(const embed::Load& load);
  // Makes the model's series at zero, so that a rate sees its first request.
  void Expect(const std::string& model) { Of(model); }

 private:
  enum Outcome { kOk, kRejected, kQuota, kExpired, kCanceled, kInvalid, kFailed, kOutcomes };
  template <typename T>
  using ByPriority = std::array<T, 2>;  // interactive, bulk
  // Of one model.
  struct Series {
    std::array<prometheus::Counter*, kOutcomes> outcomes;
    prometheus::Histogram *decode, *queue, *infer, *encode;
    ByPriority<prometheus::Histogram*> total;
    prometheus::Counter* audio_seconds;
  };

  static Outcome OutcomeOf(const absl::Status& status);
  static Outcome OutcomeOf(std::optional<base::Exhausted> cause);
  Series MakeSeries(const std::string& model);
  Series Of(const std::string& model);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& phases_;
  prometheus::Family<prometheus::Histogram>& totals_;
  prometheus::Family<prometheus::Counter>& audio_seconds_;
  prometheus::Histogram& batch_windows_;
  prometheus::Histogram& batch_infer_;
  prometheus::Gauge& queue_inside_;
  const ByPriority<prometheus::Gauge*> queue_depth_, queue_age_;
  base::Mutex mutex_;
  std::map<std::string, Series> models_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::metrics
