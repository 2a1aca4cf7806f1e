#include "core/metrics/embed_metrics.h"

#include <algorithm>

namespace timbre::metrics {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets& SecondsBuckets() {
  static const Buckets kBuckets = {.0005, .001, .0025, .005, .01, .025, .05, .1,
                                   .25,   .5,   1,     2.5,  5,   10,   30,  60};
  return kBuckets;
}

const Buckets& WindowsBuckets() {
  static const Buckets kBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  return kBuckets;
}

constexpr std::array<const char*, 7> kOutcomeNames = {"ok",       "rejected", "quota", "expired",
                                                      "canceled", "invalid",  "failed"};
constexpr std::array<const char*, 2> kPriorityNames = {"interactive", "bulk"};
constexpr size_t kMaxModels = 100;
const std::string kOther = "other";

std::array<prometheus::Gauge*, 2> GaugesByPriority(prometheus::Registry& registry, const char* name,
                                                   const char* help) {
  prometheus::Family<prometheus::Gauge>& family = BuildGauge().Name(name).Help(help).Register(registry);
  return {&family.Add({{"priority", kPriorityNames[0]}}), &family.Add({{"priority", kPriorityNames[1]}})};
}

}  // namespace

EmbedMetrics::EmbedMetrics(prometheus::Registry& registry)
    : requests_(
          BuildCounter()
              .Name("timbre_embed_requests_total")
              .Help("Embed and tag requests and streams by outcome: ok, rejected (the server had no "
                    "room, or drains), quota (the client's is used up), expired, canceled, invalid, failed.")
              .Register(registry)),
      phases_(BuildHistogram()
                  .Name("timbre_embed_request_phase_seconds")
                  .Help("Time that answered requests, and pieces of streams, spent in each phase: decode, "
                        "queue, infer, encode.")
                  .Register(registry)),
      totals_(BuildHistogram()
                  .Name("timbre_embed_request_seconds")
                  .Help("Time of answered requests, and of pieces of streams, all phases together.")
                  .Register(registry)),
      audio_seconds_(BuildCounter()
                         .Name("timbre_embed_audio_seconds_total")
                         .Help("Seconds of audio in answered requests and pieces of streams.")
                         .Register(registry)),
      batch_windows_(BuildHistogram()
                         .Name("timbre_embed_batch_windows")
                         .Help("Windows in each batch that the engine ran.")
                         .Register(registry)
                         .Add({}, WindowsBuckets())),
      batch_infer_(BuildHistogram()
                       .Name("timbre_embed_batch_infer_seconds")
                       .Help("Time of each batch in the engine.")
                       .Register(registry)
                       .Add({}, SecondsBuckets())),
      queue_inside_(
          BuildGauge()
              .Name("timbre_embed_queue_inside")
              .Help("Windows inside: being decoded, waiting and in the engine. The limit is on these.")
              .Register(registry)
              .Add({})),
      queue_depth_(GaugesByPriority(registry, "timbre_embed_queue_depth",
                                    "Windows that wait for a batch, by priority: interactive, bulk.")),
      queue_age_(GaugesByPriority(
          registry, "timbre_embed_queue_age_seconds",
          "How long what waits longest has waited, by priority: for a batch, or for a decoding "
          "thread, where both stand in one line.")) {
  base::MutexLock lock(mutex_);
  models_.emplace("", MakeSeries(""));
}

EmbedMetrics::Series EmbedMetrics::MakeSeries(const std::string& model) {
  Series series;
  for (size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    series.outcomes[outcome] = &requests_.Add({{"model", model}, {"outcome", kOutcomeNames.at(outcome)}});
  }
  const auto phase = [&](const char* name) {
    return &phases_.Add({{"model", model}, {"phase", name}}, SecondsBuckets());
  };
  series.decode = phase("decode");
  series.queue = phase("queue");
  series.infer = phase("infer");
  series.encode = phase("encode");
  for (size_t i = 0; i < series.total.size(); ++i) {
    series.total[i] = &totals_.Add({{"model", model}, {"priority", kPriorityNames[i]}}, SecondsBuckets());
  }
  series.audio_seconds = &audio_seconds_.Add({{"model", model}});
  return series;
}

EmbedMetrics::Series EmbedMetrics::Of(const std::string& model) {
  base::MutexLock lock(mutex_);
  const bool full = models_.size() > kMaxModels && models_.count(model) == 0;
  const std::string& label = full ? kOther : model;
  auto found = models_.find(label);
  if (found == models_.end()) found = models_.emplace(label, MakeSeries(label)).first;
  return found->second;
}

EmbedMetrics::Outcome EmbedMetrics::OutcomeOf(std::optional<base::Exhausted> cause) {
  if (!cause.has_value()) return kFailed;
  switch (*cause) {
    case base::Exhausted::kFull:
      return kRejected;
    case base::Exhausted::kQuota:
      return kQuota;
    case base::Exhausted::kLimit:
      return kInvalid;
  }
  return kFailed;
}

EmbedMetrics::Outcome EmbedMetrics::OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kResourceExhausted:
      return OutcomeOf(base::ExhaustedCauseOf(status));
    case absl::StatusCode::kUnavailable:
      return kRejected;
    case absl::StatusCode::kDeadlineExceeded:
      return kExpired;
    case absl::StatusCode::kCancelled:
      return kCanceled;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return kInvalid;
    default:
      return kFailed;
  }
}

void EmbedMetrics::OnEnd(const absl::Status& status, const std::string& model) {
  Of(model).outcomes.at(OutcomeOf(status))->Increment();
}

void EmbedMetrics::OnAnswer(const embed::AnswerReport& report) {
  const Series series = Of(report.model);
  series.decode->Observe(absl::ToDoubleSeconds(report.timings.decode));
  series.queue->Observe(absl::ToDoubleSeconds(report.timings.queue));
  series.infer->Observe(absl::ToDoubleSeconds(report.timings.infer));
  series.encode->Observe(absl::ToDoubleSeconds(report.timings.encode));
  const size_t priority = report.priority == embed::Priority::kBulk ? 1 : 0;
  series.total[priority]->Observe(absl::ToDoubleSeconds(report.timings.total));
  if (report.audio_seconds > 0) series.audio_seconds->Increment(report.audio_seconds);
}

void EmbedMetrics::OnBatch(int64_t windows, absl::Duration infer) {
  batch_windows_.Observe(static_cast<double>(windows));
  batch_infer_.Observe(absl::ToDoubleSeconds(infer));
}

void EmbedMetrics::SetLoad(const embed::Load& load) {
  queue_inside_.Set(static_cast<double>(load.windows_inside));
  const std::array<const embed::Waiting*, 2> waiting = {&load.interactive, &load.bulk};
  for (size_t i = 0; i < waiting.size(); ++i) {
    queue_depth_[i]->Set(static_cast<double>(waiting[i]->windows));
    queue_age_[i]->Set(absl::ToDoubleSeconds(std::max(waiting[i]->oldest, load.oldest_decode_wait)));
  }
}

}  // namespace timbre::metrics
