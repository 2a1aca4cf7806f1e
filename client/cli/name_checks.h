#pragma once

// Checks for CLI11 that turn short resource names into long ones while the command line is parsed, so that a
// wrong name is a usage error:
//   command->add_option("job", options->job, "...")->required()->transform(LongName(client::JobName));

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace timbre::cli {

inline CLI::Validator LongName(std::function<absl::StatusOr<std::string>(const std::string&)> parse) {
  return CLI::Validator(
      [parse = std::move(parse)](std::string& text) -> std::string {
        auto name = parse(text);
        if (!name.ok()) return std::string(name.status().message());
        text = *std::move(name);
        return "";
      },
      "");
}

}  // namespace timbre::cli
