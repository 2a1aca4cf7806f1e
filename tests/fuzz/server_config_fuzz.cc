#include "server/app/settings.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

void FuzzServerConfig(Bytes bytes) {
  const MemoryFile file(bytes);
  app::Flags flags;
  flags.config_file = file.path();
  const auto settings = app::LoadSettings(flags);
  if (!settings.ok()) {
    Require(!settings.status().message().empty(), "an error says why");
    return;
  }
  Require(settings->compute_threads >= 1, "the threads are settled");
  Require(settings->max_message_bytes >= 1024, "a limit is within its range");
  Require(settings->decode.max_duration > absl::ZeroDuration(), "some audio is allowed");
  Require(settings->decode.max_expansion >= 1 && settings->decode.max_expansion <= 1e6,
          "a limit is within its range");
}

}  // namespace timbre::fuzz
