#include "core/dataset/cache_index.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"

namespace timbre::dataset {
namespace {

using Json = nlohmann::json;

constexpr char kFormat[] = "timbre-pcm-cache";
constexpr int kFormatVersion = 2;

// Labels as a text of 0 and 1: a tenth of the size of a list.
std::string LabelsToText(const std::vector<uint8_t>& labels) {
  std::string text;
  for (uint8_t label : labels) text += label != 0 ? '1' : '0';
  return text;
}

std::vector<uint8_t> LabelsFromText(const std::string& text) {
  std::vector<uint8_t> labels;
  for (char digit : text) labels.push_back(digit == '1' ? 1 : 0);
  return labels;
}

Json ReportToJson(const IngestReport& report) {
  Json skipped = Json::array();
  for (const SkippedFile& file : report.skipped)
    skipped.push_back({{"path", file.path}, {"reason", file.reason}});
  return {{"files_seen", report.files_seen},
          {"clips", report.clips},
          {"rows_without_file", report.rows_without_file},
          {"files_without_row", report.files_without_row},
          {"audio_seconds", report.audio_seconds},
          {"skipped", skipped}};
}

IngestReport ReportFromJson(const Json& json) {
  IngestReport report;
  json.at("files_seen").get_to(report.files_seen);
  json.at("clips").get_to(report.clips);
  json.at("rows_without_file").get_to(report.rows_without_file);
  json.at("files_without_row").get_to(report.files_without_row);
  json.at("audio_seconds").get_to(report.audio_seconds);
  for (const Json& file : json.at("skipped")) report.skipped.push_back({file.at("path"), file.at("reason")});
  return report;
}

Clip ClipFromJson(const Json& json) {
  Clip clip;
  json.at("path").get_to(clip.path);
  json.at("track_id").get_to(clip.track_id);
  json.at("segment").get_to(clip.segment);
  json.at("offset_samples").get_to(clip.offset_samples);
  json.at("length_samples").get_to(clip.length_samples);
  json.at("pcm_sha256").get_to(clip.pcm_sha256);
  clip.labels = LabelsFromText(json.at("labels").get<std::string>());
  return clip;
}

// Throws what the JSON library throws.
CacheIndex ReadFields(const Json& json) {
  CacheIndex index;
  json.at("tags").get_to(index.tags);
  for (const Json& segment : json.at("segments"))
    index.segments.push_back({segment.at("name"), segment.at("samples")});
  for (const Json& clip : json.at("clips")) index.clips.push_back(ClipFromJson(clip));
  index.report = ReportFromJson(json.at("report"));
  return index;
}

absl::Status CheckClips(const CacheIndex& index) {
  for (const Clip& clip : index.clips) {
    if (clip.segment < 0 || clip.segment >= static_cast<int64_t>(index.segments.size())) {
      return absl::DataLossError(
          absl::StrCat("clip ", clip.path, " lies in segment ", clip.segment, " of ", index.segments.size()));
    }
    const int64_t samples = index.segments[static_cast<size_t>(clip.segment)].samples;
    const bool inside = clip.offset_samples >= 0 && clip.length_samples > 0 &&
                        clip.offset_samples <= samples &&
                        clip.length_samples <= samples - clip.offset_samples;
    if (!inside) {
      return absl::DataLossError(absl::StrCat("clip ", clip.path, " (", clip.length_samples, " samples at ",
                                              clip.offset_samples, ") lies outside of its segment's ",
                                              samples, " samples"));
    }
    if (!clip.labels.empty() && clip.labels.size() != index.tags.size()) {
      return absl::DataLossError(absl::StrCat("clip ", clip.path, " has ", clip.labels.size(), " labels for ",
                                              index.tags.size(), " tags"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string DatasetDigest(const CacheIndex& index) {
  base::Sha256 hash;
  hash.AddField("timbre.dataset.v2");
  hash.AddNumber(index.tags.size());
  for (const std::string& tag : index.tags) hash.AddField(tag);
  hash.AddNumber(index.clips.size());
  for (const Clip& clip : index.clips) {
    hash.AddField(clip.path);
    hash.AddField(clip.track_id);
    hash.AddField(LabelsToText(clip.labels));
    hash.AddNumber(static_cast<uint64_t>(clip.length_samples));
    hash.AddField(clip.pcm_sha256);
  }
  return hash.HexDigest();
}

std::string IndexToJson(const CacheIndex& index) {
  Json clips = Json::array();
  for (const Clip& clip : index.clips) {
    clips.push_back({{"path", clip.path},
                     {"track_id", clip.track_id},
                     {"segment", clip.segment},
                     {"offset_samples", clip.offset_samples},
                     {"length_samples", clip.length_samples},
                     {"pcm_sha256", clip.pcm_sha256},
                     {"labels", LabelsToText(clip.labels)}});
  }
  Json segments = Json::array();
  for (const SegmentUse& segment : index.segments)
    segments.push_back({{"name", segment.name}, {"samples", segment.samples}});
  const Json json = {
      {"format", kFormat},    {"format_version", kFormatVersion},    {"sample_rate_hz", audio::kSampleRateHz},
      {"segments", segments}, {"digest", DatasetDigest(index)},      {"tags", index.tags},
      {"clips", clips},       {"report", ReportToJson(index.report)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<CacheIndex> IndexFromJson(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != kFormat || json.at("format_version") != kFormatVersion ||
        json.at("sample_rate_hz") != audio::kSampleRateHz) {
      return absl::DataLossError(absl::StrCat("the index is not of format ", kFormat, " version ",
                                              kFormatVersion, " at ", audio::kSampleRateHz,
                                              " Hz; ingest the data set again"));
    }
    CacheIndex index = ReadFields(json);
    TIMBRE_RETURN_IF_ERROR(CheckClips(index));
    const std::string written = json.at("digest").get<std::string>();
    if (const std::string actual = DatasetDigest(index); actual != written) {
      return absl::DataLossError(absl::StrCat("the index's digest is ", written, ", its content's ", actual));
    }
    return index;
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat("the index cannot be read: ", error.what()));
  }
}

}  // namespace timbre::dataset
