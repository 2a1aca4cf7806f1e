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

}  // namespace

EmbedMetrics::EmbedMetrics(prometheus::Registry& registry)
    : requests_(
          BuildCounter()
              .Name("timbre_embed_requests_total")
              .Help("Embed and tag requests by outcome: ok, rejected, expired, canceled, invalid, failed.")
              .Register(registry)),
      phases_(BuildHistogram()
                  .Name("timbre_embed_request_phase_seconds")
                  .Help("Time that answered requests spent in each phase: decode, queue, infer, encode.")
                  .Register(registry)),
      ok_(requests_.Add({{"outcome", "ok"}})),
      rejected_(requests_.Add({{"outcome", "rejected"}})),
      expired_(requests_.Add({{"outcome", "expired"}})),
      canceled_(requests_.Add({{"outcome", "canceled"}})),
      invalid_(requests_.Add({{"outcome", "invalid"}})),
      failed_(requests_.Add({{"outcome", "failed"}})),
      decode_(phases_.Add({{"phase", "decode"}}, SecondsBuckets())),
      queue_(phases_.Add({{"phase", "queue"}}, SecondsBuckets())),
      infer_(phases_.Add({{"phase", "infer"}}, SecondsBuckets())),
      encode_(phases_.Add({{"phase", "encode"}}, SecondsBuckets())),
      total_(BuildHistogram()
                 .Name("timbre_embed_request_seconds")
                 .Help("Time of answered requests, all phases together.")
                 .Register(registry)
                 .Add({}, SecondsBuckets())),
      audio_seconds_(BuildCounter()
                         .Name("timbre_embed_audio_seconds_total")
                         .Help("Seconds of audio in answered requests.")
                         .Register(registry)
                         .Add({})),
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
                     .Help("How long the request has waited that waits longest for a batch.")
                     .Register(registry)
                     .Add({})) {}

prometheus::Counter& EmbedMetrics::Outcome(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ok_;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return rejected_;
    case absl::StatusCode::kDeadlineExceeded:
      return expired_;
    case absl::StatusCode::kCancelled:
      return canceled_;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return invalid_;
    default:
      return failed_;
  }
}

void EmbedMetrics::OnRequest(const embed::Timings& timings, const absl::Status& status,
                             double audio_seconds) {
  Outcome(status).Increment();
  if (!status.ok()) return;
  decode_.Observe(absl::ToDoubleSeconds(timings.decode));
  queue_.Observe(absl::ToDoubleSeconds(timings.queue));
  infer_.Observe(absl::ToDoubleSeconds(timings.infer));
  encode_.Observe(absl::ToDoubleSeconds(timings.encode));
  total_.Observe(absl::ToDoubleSeconds(timings.total));
  if (audio_seconds > 0) audio_seconds_.Increment(audio_seconds);
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
