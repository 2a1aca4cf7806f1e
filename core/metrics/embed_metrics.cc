#include "core/metrics/embed_metrics.h"

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

constexpr std::array<const char*, 6> kOutcomeNames = {"ok",       "rejected", "expired",
                                                      "canceled", "invalid",  "failed"};
constexpr size_t kMaxModels = 100;
const std::string kOther = "other";

}  // namespace

EmbedMetrics::EmbedMetrics(prometheus::Registry& registry)
    : requests_(BuildCounter()
                    .Name("timbre_embed_requests_total")
                    .Help("Embed and tag requests and streams by outcome: ok, rejected, expired, canceled, "
                          "invalid, failed.")
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
      queue_depth_(BuildGauge()
                       .Name("timbre_embed_queue_depth")
                       .Help("Windows that wait for a batch.")
                       .Register(registry)
                       .Add({})),
      queue_inside_(
          BuildGauge()
              .Name("timbre_embed_queue_inside")
              .Help("Windows inside: being decoded, waiting and in the engine. The limit is on these.")
              .Register(registry)
              .Add({})),
      queue_age_(BuildGauge()
                     .Name("timbre_embed_queue_age_seconds")
                     .Help("How long what waits longest for a decoding thread or a batch has waited.")
                     .Register(registry)
                     .Add({})) {
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
  series.total = &totals_.Add({{"model", model}}, SecondsBuckets());
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

EmbedMetrics::Outcome EmbedMetrics::OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kResourceExhausted:
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
  series.total->Observe(absl::ToDoubleSeconds(report.timings.total));
  if (report.audio_seconds > 0) series.audio_seconds->Increment(report.audio_seconds);
}

void EmbedMetrics::OnBatch(int64_t windows, absl::Duration infer) {
  batch_windows_.Observe(static_cast<double>(windows));
  batch_infer_.Observe(absl::ToDoubleSeconds(infer));
}

void EmbedMetrics::SetLoad(const embed::Load& load) {
  queue_depth_.Set(static_cast<double>(load.windows_waiting));
  queue_inside_.Set(static_cast<double>(load.windows_inside));
  queue_age_.Set(absl::ToDoubleSeconds(load.oldest_wait));
}

}  // namespace timbre::metrics
