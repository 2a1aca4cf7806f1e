#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace timbre::base {

// A fact of an event under its name.
struct LogField {
  std::string name;
  std::variant<std::string, double, int64_t> value;
};
using LogFields = std::vector<LogField>;

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Logs an event with its facts. As JSON they are members of the line's object with their own types; as text
// they follow the message as ` name=value`, quoted and escaped where a value could be taken for more than
// one, so that no value can forge a line. Names are snake_case and none of time, level and message. Threads:
// safe.
//   LogEvent(LogLevel::kInfo, "rpc", {{"method", "JobService/GetJob"}, {"ms", 0.4}});
void LogEvent(LogLevel level, std::string_view message, const LogFields& fields);

}  // namespace timbre::base
