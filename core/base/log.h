#pragma once

// The one door to logging: LOG-like calls with fmt formatting, spdlog behind them.
//   base::LogInfo("loaded model {} in {:.1f} s", name, seconds);

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "absl/status/status.h"

namespace timbre::base {

// A server's log goes to standard output, whole lines and nothing else: libraries write to standard error
// what they please (libmpg123 of a damaged file). A tool's goes to standard error.
enum class LogStream { kError, kOutput };

// `level`: debug, info, warn, error, off; `format`: text or json (one object a line).
absl::Status ConfigureLog(const std::string& level, const std::string& format,
                          LogStream stream = LogStream::kError);

// Changes the level while the program runs. Errors: kInvalidArgument unknown level.
absl::Status SetLogLevel(const std::string& level);

template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace timbre::base
