#include "client/cli/ask_files.h"

#include "client/cli/name_checks.h"
#include "client/names.h"

namespace timbre::cli {

void AddAskOptions(CLI::App& command, AskOptions& options, const std::string& windows_help) {
  command.add_option("file", options.paths, "audio: WAV, FLAC, Ogg, Opus, MP3, AIFF, CAF, AU")->required();
  command
      .add_option("--model", options.model, "m (its label \"stable\"), m@label or m/3; else what is served")
      ->transform(LongName(client::ModelReference));
  command.add_flag("--windows", options.windows, windows_help);
  command.add_flag("--stream", options.stream, "send each file in chunks (needed above the message limit)");
  command.add_option("--chunk-bytes", options.chunk_bytes, "bytes of a chunk with --stream")
      ->check(CLI::Range(1, 16 << 20))
      ->capture_default_str();
  command.add_option("--in-flight", options.in_flight, "calls at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

}  // namespace timbre::cli
