#include "server/convert/dataset_convert.h"

#include "server/convert/field_errors.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"

namespace timbre::convert {
namespace {

v1::DatasetState ToProtoState(registry::DatasetState state) {
  switch (state) {
    case registry::DatasetState::kIngesting:
      return v1::DATASET_STATE_INGESTING;
    case registry::DatasetState::kReady:
      return v1::DATASET_STATE_READY;
    case registry::DatasetState::kFailed:
      return v1::DATASET_STATE_FAILED;
  }
  return v1::DATASET_STATE_UNSPECIFIED;
}

}  // namespace

v1::Dataset DatasetToProto(const registry::DatasetInfo& info, bool with_skipped) {
  v1::Dataset proto;
  proto.set_name(DatasetName(info.id));
  proto.set_state(ToProtoState(info.state));
  if (info.source != "upload") proto.set_path(info.source);
  proto.set_ingest_job(info.job);
  if (!info.error.ok()) *proto.mutable_error() = ToProtoStatus(info.error);
  proto.set_clip_count(info.clips);
  proto.set_track_count(info.tracks);
  proto.set_audio_seconds(info.audio_seconds);
  for (const std::string& tag : info.tags) proto.add_tags(tag);
  proto.set_digest(info.digest);
  auto* report = proto.mutable_report();
  report->set_file_count(info.report.files_seen);
  report->set_rows_without_file_count(info.report.rows_without_file);
  report->set_files_without_row_count(info.report.files_without_row);
  report->set_skipped_count(static_cast<int64_t>(info.report.skipped.size()));
  report->set_decoded_count(info.report.files_decoded);
  report->set_cached_count(info.report.files_cached);
  if (with_skipped) {
    for (const dataset::SkippedFile& skipped : info.report.skipped) {
      auto* file = report->add_skipped_files();
      file->set_path(skipped.path);
      file->set_reason(skipped.reason);
    }
  }
  *proto.mutable_create_time() = ToProtoTimestamp(info.create_time);
  return proto;
}

}  // namespace timbre::convert
