#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/audio/decoder.h"
#include "server/security/quotas.h"
#include "server/security/tls_files.h"
#include "server/security/token_table.h"

namespace timbre::app {

// The server's configuration as plain values: read once, checked once. Defaults and ranges are documented in
// proto/timbre/config/v1/server_config.proto.
struct Settings {
  std::string listen_address = "127.0.0.1:50051";
  std::string metrics_address = "127.0.0.1:9464";  // empty: off
  std::filesystem::path state_dir = "timbre-state";
  std::filesystem::path data_root;
  std::string device = "auto";
  int compute_threads = 0;  // resolved: never 0 after Load
  std::string precision = "fp32";
  std::string engine = "auto";        // auto | timbre | torch
  std::filesystem::path engine_plan;  // fixed plans; empty: measured
  int max_batch_windows = 16;
  absl::Duration max_batch_wait = absl::ZeroDuration();
  absl::Duration bulk_ages_in = absl::Seconds(1);
  int64_t queue_capacity_windows = 4096;
  int decode_threads = 1;
  int decode_queue_capacity = 256;
  int loaded_versions = 3;
  int64_t max_message_bytes = int64_t{64} << 20;
  audio::DecodeLimits decode;
  absl::Duration default_deadline = absl::Seconds(60);
  int64_t max_encoded_stream_bytes = int64_t{1} << 30;
  int64_t max_upload_bytes = int64_t{100} << 30;
  int64_t max_model_upload_bytes = int64_t{256} << 20;
  std::string log_level = "info";
  std::string log_format = "text";
  std::filesystem::path ready_file;  // empty: none
  absl::Duration drain_grace = absl::Seconds(20);
  bool reflection = true;
  bool channelz = false;
  std::string health_address;       // a plaintext port for health alone; empty: none
  int max_concurrent_calls = 1000;  // on one connection
  int max_metadata_bytes = 16384;
  int64_t max_transport_memory_bytes = int64_t{1} << 30;
  absl::Duration max_stream = absl::Hours(24);
  absl::Duration max_connection_age = absl::InfiniteDuration();
  std::optional<security::TlsFiles> tls;
  std::filesystem::path tokens_file;                              // empty: none
  std::map<std::string, security::Identity> certificate_clients;  // by name of the certificate
  security::RoleSet anonymous_roles;
  bool allow_insecure_public_address = false;
  security::Quotas::Options quotas;

  bool asks_who_calls() const { return !tokens_file.empty() || !certificate_clients.empty(); }
};

// What the command line may say; it goes before the file.
struct Flags {
  std::string config_file;
  std::optional<std::string> listen_address;
  std::optional<std::string> metrics_address;
  std::optional<std::string> state_dir;
  std::optional<std::string> data_root;
  std::optional<std::string> device;
  std::optional<std::string> log_level;
  std::optional<std::string> ready_file;
  bool allow_insecure_public_address = false;
};

// Errors: kInvalidArgument the file's syntax, an unknown field (with its line) or a value out of range (with
// its field) · kNotFound the file.
absl::StatusOr<Settings> LoadSettings(const Flags& flags);

}  // namespace timbre::app
