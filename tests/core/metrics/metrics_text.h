#pragma once

#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/numbers.h"
#include "core/metrics/exporter.h"
#include "tests/support/matchers.h"

namespace timbre::metrics {

// The value of one series in the text format, or nothing. `series` is "name" or "name{label=\"value\",...}"
// as written there.
inline std::optional<double> Value(const std::string& text, const std::string& series) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(series + " ", 0) != 0) continue;
    double value = 0;
    if (absl::SimpleAtod(line.substr(series.size() + 1), &value)) return value;
  }
  return std::nullopt;
}

// An exporter that is not served.
inline std::unique_ptr<Exporter> MakeExporter(const base::Clock& clock = base::Clock::System()) {
  Exporter::Options options;
  options.version = "1.2.3";
  options.build = "gcc 12";
  options.clock = &clock;
  auto exporter = Exporter::Start(options);
  EXPECT_THAT(exporter, testing::IsOk());
  return std::move(exporter).value();
}

}  // namespace timbre::metrics
