#pragma once

// Checks for CLI11, so that a wrong name, choice or number is a usage error that says what is allowed.

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace timbre::cli {

// Turns a short resource name into the long one:
//   command->add_option("job", options->job, "...")->required()->transform(LongName(client::JobName));
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

// Turns one of the names, in any case, into the value that CLI11 reads.
template <typename Value>
CLI::Validator OneOf(const std::map<std::string, Value>& choices) {
  return CLI::Validator(
      [choices](std::string& text) -> std::string {
        const auto found = choices.find(absl::AsciiStrToLower(text));
        if (found == choices.end()) {
          return absl::StrCat("'", text, "' is none of ",
                              absl::StrJoin(choices, ", ", [](std::string* out, const auto& choice) {
                                absl::StrAppend(out, choice.first);
                              }));
        }
        text = absl::StrCat(static_cast<int>(found->second));
        return "";
      },
      "");
}

// A number of `least` or more.
inline CLI::Validator AtLeast(double least) {
  return CLI::Validator(
      [least](std::string& text) -> std::string {
        double value = 0;
        if (CLI::detail::lexical_cast(text, value) && value >= least) return "";
        return absl::StrCat("must be a number of at least ", least, ", got '", text, "'");
      },
      "");
}

}  // namespace timbre::cli
