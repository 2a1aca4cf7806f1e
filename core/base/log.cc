#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/base/log_line.h"
#include "core/base/status_macros.h"

namespace timbre::base {
namespace {

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch()).count();
    const auto level = spdlog::level::to_string_view(message.level);
    const nlohmann::json line = {{"time", static_cast<double>(micros) / 1e6},
                                 {"level", std::string(level.data(), level.size())},
                                 {"message", std::string(message.payload.data(), message.payload.size())}};
    const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

absl::StatusOr<spdlog::level::level_enum> ParseLevel(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    return absl::InvalidArgumentError(
        absl::StrCat("log level '", level, "' is unknown; allowed: debug, info, warn, error, off"));
  }
  return parsed;
}

}  // namespace

absl::Status SetLogLevel(const std::string& level) {
  TIMBRE_ASSIGN_OR_RETURN(const auto parsed, ParseLevel(level));
  spdlog::default_logger()->set_level(parsed);
  return absl::OkStatus();
}

absl::Status ConfigureLog(const std::string& level, const std::string& format) {
  TIMBRE_ASSIGN_OR_RETURN(const auto parsed, ParseLevel(level));
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("log format '", format, "' is unknown; allowed: text, json"));
  }
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  if (format == "json") {
    sink->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  }
  auto logger = std::make_shared<spdlog::logger>("timbre", sink);
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
  return absl::OkStatus();
}

void LogErrorLine(std::string_view text) { LogError("{}", text); }

}  // namespace timbre::base
