#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "core/base/log.h"
#include "server/app/app.h"
#include "server/app/core_rooms.h"
#include "server/app/grpc_log.h"
#include "server/app/lifecycle.h"
#include "server/app/settings.h"

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitFailure = 1;

int Fail(const absl::Status& status, int code) {
  std::cerr << "timbred: " << status.message() << "\n";
  return code;
}

int Run(int argc, char** argv) {
  CLI::App cli(
      "timbred: trains music encoders by self-supervision and serves them over gRPC.\n"
      "Example: timbred --config deploy/config/timbred.textproto --data-root /srv/music");
  timbre::app::Flags flags;
  cli.add_option("--config", flags.config_file, "configuration file (textproto, ServerConfig)");
  cli.add_option("--listen", flags.listen_address, "host:port; port 0 takes a free one");
  cli.add_option("--metrics", flags.metrics_address, "host:port of /metrics, or off");
  cli.add_option("--state-dir", flags.state_dir, "folder of the server's own files");
  cli.add_option("--data-root", flags.data_root, "folder under which data sets are found");
  cli.add_option("--device", flags.device, "auto, cpu or cuda:N");
  cli.add_option("--log-level", flags.log_level, "debug, info, warn, error or off");
  cli.add_option("--ready-file", flags.ready_file, "gets the address once the server serves");
  cli.add_flag(
      "--allow-insecure-public-address", flags.allow_insecure_public_address,
      "listen where other machines can reach a server without TLS or without asking who calls: for networks "
      "that see to both");
  cli.set_version_flag("--version", timbre::app::Version());
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = cli.exit(error);
    return code == 0 ? 0 : kExitUsage;
  }

  timbre::app::BlockEndSignals();
  timbre::app::RaiseDescriptorLimit();
  timbre::app::BoundMemoryArenas();
  const absl::StatusOr<timbre::app::Settings> settings = timbre::app::LoadSettings(flags);
  if (!settings.ok()) return Fail(settings.status(), kExitUsage);
  const absl::Status log =
      timbre::base::ConfigureLog(settings->log_level, settings->log_format, timbre::base::LogStream::kOutput);
  if (!log.ok()) return Fail(log, kExitUsage);

  const timbre::app::GrpcLog grpc_log;

  const auto app = timbre::app::App::Start(*settings, timbre::app::AskForEnd);
  if (!app.ok()) return Fail(app.status(), absl::IsInvalidArgument(app.status()) ? kExitUsage : kExitFailure);
  const int signal = timbre::app::WaitForEndSignal();
  timbre::base::LogInfo("signal {}", signal);
  (*app)->Drain();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {  // no memory for a start, say
    std::fprintf(stderr, "timbred: %s\n", error.what());
    return kExitFailure;
  }
}
