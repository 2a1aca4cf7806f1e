#include "core/embed/stream_meter.h"

#include <algorithm>

namespace timbre::embed {

void StreamMeter::DecodeBegins() {
  if (decode_began_ == absl::InfinitePast()) decode_began_ = clock_.Now();
}

void StreamMeter::DecodeEnds() {
  if (decode_began_ == absl::InfinitePast()) return;
  piece_.decode += clock_.Now() - decode_began_;
  decode_began_ = absl::InfinitePast();
}

void StreamMeter::Submitted() {
  DecodeEnds();
  submitted_ = clock_.Now();
}

void StreamMeter::Encoded(absl::Duration infer) {
  encoded_ = clock_.Now();
  piece_.infer = infer;
  piece_.queue = std::max(absl::ZeroDuration(), encoded_ - submitted_ - infer);
}

void StreamMeter::Answered(double audio_seconds) {
  piece_.encode = clock_.Now() - encoded_;
  piece_.total = piece_.decode + piece_.queue + piece_.infer + piece_.encode;
  if (observer_ != nullptr) observer_->OnAnswer({piece_, audio_seconds, model_, priority_});
  all_.decode += piece_.decode;
  all_.queue += piece_.queue;
  all_.infer += piece_.infer;
  all_.encode += piece_.encode;
  all_.total += piece_.total;
  piece_ = {};
}

void StreamMeter::Ended(const absl::Status& status) {
  if (observer_ != nullptr) observer_->OnEnd(status, model_);
}

}  // namespace timbre::embed
