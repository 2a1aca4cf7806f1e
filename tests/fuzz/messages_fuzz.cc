#include <google/protobuf/message.h>

#include <cmath>

#include "core/augment/chain.h"
#include "core/base/random.h"
#include "server/convert/config_convert.h"
#include "server/convert/inference_convert.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"
#include "server/convert/objective_convert.h"
#include "server/convert/probe_config_convert.h"
#include "server/services/preview.h"
#include "tests/fuzz/targets.h"
#include "timbre/v1/dataset_service.pb.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/job_service.pb.h"

namespace timbre::fuzz {
namespace {

template <typename Message>
bool Parse(Bytes bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

audio::DecodeLimits Limits() {
  audio::DecodeLimits limits;
  limits.max_duration = absl::Seconds(6);
  return limits;
}

void Names(const std::string& name) {
  if (const auto job = convert::ParseJobName(name); job.ok()) {
    Require(convert::JobName(*job) == name, "a job's name is its parts");
  }
  if (const auto model = convert::ParseModelName(name); model.ok()) {
    Require(convert::ModelName(*model) == name, "a model's name is its parts");
  }
  if (const auto dataset = convert::ParseDatasetName(name); dataset.ok()) {
    Require(convert::DatasetName(*dataset) == name, "a data set's name is its parts");
    Require(name.find("..") == std::string::npos, "a data set's id leaves no folder");
  }
  if (const auto version = convert::ParseVersionName(name); version.ok()) {
    Require(convert::ParseVersionName(convert::VersionNameOf(version->model, version->version)).ok(),
            "a version's name can be read again");
  }
}

void Audio(const v1::Audio& proto) {
  const auto audio = convert::AudioFromProto(proto);
  if (!audio.ok()) return;
  if (const auto* pcm = std::get_if<embed::PcmAudio>(&*audio)) {
    (void)audio::DecodePcm(std::as_bytes(std::span(pcm->bytes)), pcm->format, Limits());
  }
}

void Embed(Bytes bytes) {
  v1::EmbedRequest request;
  if (!Parse(bytes, request)) return;
  Audio(request.audio());
  (void)convert::ParseSelector(request.model(), "");
  Names(request.model());
}

void Tag(Bytes bytes) {
  v1::TagRequest request;
  if (!Parse(bytes, request)) return;
  Audio(request.audio());
  (void)convert::ParseSelector(request.model(), request.tagger());
}

// What is accepted is written out in full, and means the same when it is read again.
void Training(const v1::TrainingConfig& proto) {
  convert::FieldErrors errors;
  const train::TrainingConfig config = convert::TrainingConfigFromProto(proto, "config", errors);
  if (!errors.empty()) return;
  const v1::TrainingConfig written = convert::TrainingConfigToProto(config);
  convert::FieldErrors none;
  const train::TrainingConfig again = convert::TrainingConfigFromProto(written, "config", none);
  Require(none.empty(), "an accepted config is accepted again");
  Require(convert::TrainingConfigText(again) == convert::TrainingConfigText(config),
          "an accepted config is read as it was written");
  Require(augment::Chain::Create(config.chain).ok(), "an accepted chain can be made");
}

void Probe(const v1::ProbeConfig& proto) {
  convert::FieldErrors errors;
  const probe::ProbeConfig config = convert::ProbeConfigFromProto(proto, "config", errors);
  if (!errors.empty()) return;
  const v1::ProbeConfig written = convert::ProbeConfigToProto(config);
  convert::FieldErrors none;
  const probe::ProbeConfig again = convert::ProbeConfigFromProto(written, "config", none);
  Require(none.empty(), "an accepted config is accepted again");
  Require(convert::ProbeConfigToProto(again).SerializeAsString() == written.SerializeAsString(),
          "an accepted config is read as it was written");
}

void Submit(Bytes bytes) {
  v1::SubmitJobRequest request;
  if (!Parse(bytes, request)) return;
  const v1::Job& job = request.job();
  convert::FieldErrors errors;
  if (job.has_ssl_training()) {
    Training(job.ssl_training().training_config());
    (void)convert::RuntimeConfigFromProto(job.ssl_training().runtime_config(), "runtime", errors);
    Names(job.ssl_training().dataset());
  }
  if (job.has_linear_probe()) {
    Probe(job.linear_probe().probe_config());
    (void)convert::RuntimeConfigFromProto(job.linear_probe().runtime_config(), "runtime", errors);
    Names(job.linear_probe().model_version());
  }
  Names(job.name());
  const auto spec = convert::SpecFromBytes(convert::SpecBytes(job));
  Require(spec.ok(), "a spec can be read again");
  Require(convert::KindOf(*spec) == convert::KindOf(job), "a spec keeps its kind");
}

void Preview(Bytes bytes) {
  v1::PreviewAugmentationRequest request;
  if (!Parse(bytes, request)) return;
  convert::FieldErrors errors;
  const augment::ChainConfig config = convert::ChainFromProto(request.augmentation(), "chain", errors);
  if (!errors.empty()) return;
  const auto chain = augment::Chain::Create(config);
  if (!chain.ok()) return;
  std::vector<float> window(59049);
  base::Random noise({7}), random({request.seed()});
  for (float& x : window) x = static_cast<float>(noise.Uniform(-1, 1));
  (void)chain->Apply(window, random);
  for (const float x : window) Require(std::isfinite(x), "an accepted chain gives finite samples");
}

void StreamStarts(Bytes bytes) {
  if (v1::EmbedStreamRequest request; Parse(bytes, request)) {
    (void)convert::PcmFormatFromProto(request.config().format().pcm());
    (void)convert::ParseSelector(request.config().model(), "");
  }
  if (v1::TagStreamRequest request; Parse(bytes, request)) {
    (void)convert::ParseSelector(request.config().model(), request.config().tagger());
  }
}

void Stored(Bytes bytes) {
  const std::string text(bytes.begin(), bytes.end());
  (void)convert::SpecFromBytes(text);
  Names(text);
  (void)convert::ParsePriority(text);
}

}  // namespace

// Byte 0: which message; the rest is the message.
void FuzzMessages(Bytes bytes) {
  constexpr void (*kReaders[])(Bytes) = {Embed, Tag, Submit, Preview, StreamStarts, Stored};
  if (bytes.empty()) return;
  kReaders[bytes[0] % std::size(kReaders)](bytes.subspan(1));
}

}  // namespace timbre::fuzz
