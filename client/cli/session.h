#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/exit_code.h"
#include "client/connection.h"
#include "client/trace.h"

namespace timbre::cli {

// Where a command writes.
struct Console {
  std::ostream& out;
  std::ostream& err;
  // `out` is a terminal that takes bars, and colours unless NO_COLOR is set.
  bool live = false;
  bool colour = false;
  // `out` shows UTF-8.
  bool unicode = false;
  // Width of the terminal now.
  std::function<int()> columns = [] { return 80; };
  std::function<absl::Time()> now = {};
};

// What all commands share: the console, the options before or after the command's name, and the command that
// the command line chose.
struct Session {
  Console console;
  std::string server = {};
  client::CredentialFiles credential_files = {};
  // Read before the command runs.
  client::Credentials credentials = {};
  bool json = false;
  double timeout_seconds = 60;
  double give_up_after_seconds = 900;
  // Of all calls of the command.
  std::string traceparent = client::TraceparentOfProgram();
  // The chosen command asks no server: no credentials are read.
  bool offline = false;
  // Set by the chosen command while the line is parsed, run after it.
  std::function<absl::StatusOr<ExitCode>()> command = {};

  client::Connection Connect() const;
};

// Joins a base text with an example for the end of a help text.
std::string Example(const std::string& lines);

}  // namespace timbre::cli
