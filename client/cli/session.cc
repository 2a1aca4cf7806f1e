#include "client/cli/session.h"

#include "absl/strings/str_cat.h"

namespace timbre::cli {

client::Connection Session::Connect() const {
  return client::Connect({
      .server = client::ServerAddress(server),
      .credentials = credentials,
      .timeout = timeout_seconds > 0 ? absl::Seconds(timeout_seconds) : absl::InfiniteDuration(),
      .traceparent = traceparent,
  });
}

std::string Example(const std::string& lines) { return absl::StrCat("Example:\n  ", lines); }

}  // namespace timbre::cli
