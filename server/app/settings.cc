#include "server/app/settings.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "server/app/security_settings.h"
#include "server/convert/field_errors.h"
#include "timbre/config/v1/server_config.pb.h"

namespace timbre::app {
namespace {

using config::v1::ServerConfig;

class ErrorCollector final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    errors_.push_back(absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message));
  }
  std::string Text() const { return absl::StrJoin(errors_, "; "); }

 private:
  std::vector<std::string> errors_;
};

absl::StatusOr<ServerConfig> ParseFile(const std::string& path) {
  ServerConfig config;
  if (path.empty()) return config;
  TIMBRE_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  ErrorCollector collector;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  if (!parser.ParseFromString(text, &config)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", collector.Text()));
  }
  return config;
}

void ApplyFlags(const Flags& flags, ServerConfig& config) {
  if (flags.listen_address) config.set_listen_address(*flags.listen_address);
  if (flags.metrics_address) config.set_metrics_address(*flags.metrics_address);
  if (flags.state_dir) config.set_state_dir(*flags.state_dir);
  if (flags.data_root) config.set_data_root(*flags.data_root);
  if (flags.device) config.set_device(*flags.device);
  if (flags.log_level) config.set_log_level(*flags.log_level);
  if (flags.ready_file) config.set_ready_file(*flags.ready_file);
  if (flags.allow_insecure_public_address) config.mutable_security()->set_allow_insecure_public_address(true);
}

void CheckAddress(const std::string& field, const std::string& address, convert::FieldErrors& errors) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == std::string::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    errors.Add(field, absl::StrCat("must be host:port with a port in [0, 65535], got '", address, "'"));
  }
}

void CheckChoice(const std::string& field, const std::string& value, const std::vector<std::string>& allowed,
                 convert::FieldErrors& errors) {
  for (const std::string& choice : allowed) {
    if (value == choice) return;
  }
  errors.Add(field, absl::StrCat("must be one of ", absl::StrJoin(allowed, ", "), ", got '", value, "'"));
}

template <typename T, typename V>
void Take(V value, T& into) {
  if (value != V{}) into = static_cast<T>(value);
}

void TakeInference(const config::v1::InferenceConfig& proto, Settings& settings,
                   convert::FieldErrors& errors) {
  Take(proto.precision(), settings.precision);
  CheckChoice("inference.precision", settings.precision, {"fp32", "bf16", "auto"}, errors);
  Take(proto.engine(), settings.engine);
  CheckChoice("inference.engine", settings.engine, {"auto", "timbre", "torch"}, errors);
  settings.engine_plan = proto.engine_plan();
  if (!settings.engine_plan.empty() && settings.engine == "torch")
    errors.Add("inference.engine_plan", "is of the engine timbre, but inference.engine is torch");
  Take(proto.max_batch_windows(), settings.max_batch_windows);
  errors.CheckRange("inference.max_batch_windows", settings.max_batch_windows, 1, 1024);
  if (proto.has_max_batch_wait_ms()) settings.max_batch_wait = absl::Milliseconds(proto.max_batch_wait_ms());
  errors.CheckRange("inference.max_batch_wait_ms", absl::ToDoubleMilliseconds(settings.max_batch_wait), 0.0,
                    1000.0);
  if (proto.has_bulk_ages_in_ms()) settings.bulk_ages_in = absl::Milliseconds(proto.bulk_ages_in_ms());
  errors.CheckRange("inference.bulk_ages_in_ms", absl::ToDoubleMilliseconds(settings.bulk_ages_in), 0.0,
                    3.6e6);
  Take(proto.queue_capacity_windows(), settings.queue_capacity_windows);
  errors.CheckRange<int64_t>("inference.queue_capacity_windows", settings.queue_capacity_windows, 1,
                             1'000'000);
  Take(proto.decode_threads(), settings.decode_threads);
  errors.CheckRange("inference.decode_threads", settings.decode_threads, 1, 256);
  Take(proto.decode_queue_capacity(), settings.decode_queue_capacity);
  errors.CheckRange("inference.decode_queue_capacity", settings.decode_queue_capacity, 1, 100'000);
  Take(proto.loaded_versions(), settings.loaded_versions);
  errors.CheckRange("inference.loaded_versions", settings.loaded_versions, 1, 100);
}

void TakeLimits(const config::v1::LimitsConfig& proto, Settings& settings, convert::FieldErrors& errors) {
  Take(proto.max_message_bytes(), settings.max_message_bytes);
  errors.CheckRange<int64_t>("limits.max_message_bytes", settings.max_message_bytes, 1024, INT32_MAX);
  if (proto.max_audio_seconds() != 0) {
    errors.CheckAbove("limits.max_audio_seconds", proto.max_audio_seconds(), 0, 86400);
    settings.decode.max_duration = absl::Seconds(proto.max_audio_seconds());
  }
  Take(proto.max_expansion(), settings.decode.max_expansion);
  errors.CheckRange("limits.max_expansion", settings.decode.max_expansion, 1.0, 1e6);
  Take(proto.max_channels(), settings.decode.max_channels);
  errors.CheckRange("limits.max_channels", settings.decode.max_channels, 1, 1024);
  if (proto.default_deadline_seconds() != 0) {
    errors.CheckAbove("limits.default_deadline_seconds", proto.default_deadline_seconds(), 0, 86400);
    settings.default_deadline = absl::Seconds(proto.default_deadline_seconds());
  }
  Take(proto.max_encoded_stream_bytes(), settings.max_encoded_stream_bytes);
  errors.CheckRange<int64_t>("limits.max_encoded_stream_bytes", settings.max_encoded_stream_bytes, 1,
                             INT64_MAX);
  Take(proto.max_upload_bytes(), settings.max_upload_bytes);
  errors.CheckRange<int64_t>("limits.max_upload_bytes", settings.max_upload_bytes, 1, INT64_MAX);
  Take(proto.max_model_upload_bytes(), settings.max_model_upload_bytes);
  errors.CheckRange<int64_t>("limits.max_model_upload_bytes", settings.max_model_upload_bytes, 1,
                             int64_t{1} << 32);
}

void TakeTransportLimits(const config::v1::LimitsConfig& proto, Settings& settings,
                         convert::FieldErrors& errors) {
  if (proto.max_stream_seconds() != 0) {
    errors.CheckAbove("limits.max_stream_seconds", proto.max_stream_seconds(), 0, 604800);
    settings.max_stream = absl::Seconds(proto.max_stream_seconds());
  }
  Take(proto.max_concurrent_calls(), settings.max_concurrent_calls);
  errors.CheckRange("limits.max_concurrent_calls", settings.max_concurrent_calls, 1, 1'000'000);
  Take(proto.max_metadata_bytes(), settings.max_metadata_bytes);
  errors.CheckRange("limits.max_metadata_bytes", settings.max_metadata_bytes, 1024, 1'048'576);
  Take(proto.max_transport_memory_bytes(), settings.max_transport_memory_bytes);
  errors.CheckRange<int64_t>("limits.max_transport_memory_bytes", settings.max_transport_memory_bytes,
                             int64_t{16} << 20, int64_t{1} << 40);
  if (proto.max_connection_age_seconds() != 0) {
    errors.CheckAbove("limits.max_connection_age_seconds", proto.max_connection_age_seconds(), 0, 1e7);
    settings.max_connection_age = absl::Seconds(proto.max_connection_age_seconds());
  }
}

}  // namespace

absl::StatusOr<Settings> LoadSettings(const Flags& flags) {
  TIMBRE_ASSIGN_OR_RETURN(ServerConfig proto, ParseFile(flags.config_file));
  ApplyFlags(flags, proto);
  Settings settings;
  convert::FieldErrors errors;
  Take(proto.listen_address(), settings.listen_address);
  CheckAddress("listen_address", settings.listen_address, errors);
  Take(proto.metrics_address(), settings.metrics_address);
  if (settings.metrics_address == "off") {
    settings.metrics_address.clear();
  } else {
    CheckAddress("metrics_address", settings.metrics_address, errors);
  }
  Take(proto.state_dir(), settings.state_dir);
  Take(proto.data_root(), settings.data_root);
  Take(proto.device(), settings.device);
  Take(proto.compute_threads(), settings.compute_threads);
  errors.CheckRange("compute_threads", settings.compute_threads, 0, 1024);
  if (settings.compute_threads == 0) {
    settings.compute_threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  TakeInference(proto.inference(), settings, errors);
  TakeLimits(proto.limits(), settings, errors);
  TakeTransportLimits(proto.limits(), settings, errors);
  TakeSecurity(proto.security(), settings, errors);
  TakeQuota(proto.quota(), settings, errors);
  Take(proto.log_level(), settings.log_level);
  CheckChoice("log_level", settings.log_level, {"debug", "info", "warn", "error", "off"}, errors);
  Take(proto.log_format(), settings.log_format);
  CheckChoice("log_format", settings.log_format, {"text", "json"}, errors);
  Take(proto.ready_file(), settings.ready_file);
  if (proto.has_drain_grace_seconds()) settings.drain_grace = absl::Seconds(proto.drain_grace_seconds());
  errors.CheckRange("drain_grace_seconds", absl::ToDoubleSeconds(settings.drain_grace), 0.0, 3600.0);
  if (proto.has_reflection()) settings.reflection = proto.reflection();
  settings.channelz = proto.channelz();
  settings.health_address = proto.health_address();
  if (!settings.health_address.empty()) CheckAddress("health_address", settings.health_address, errors);
  if (errors.empty()) CheckExposure(settings, errors);  // of an address that is one
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  return settings;
}

}  // namespace timbre::app
