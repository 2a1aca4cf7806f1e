#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/log_event.h"
#include "core/base/log_line.h"
#include "core/base/status_macros.h"

namespace timbre::base {
namespace {

// Of the logger that ConfigureLog makes: its formatters know of fields, spdlog's own do not.
constexpr char kLogger[] = "timbre";

// The fields of the event that this thread is logging: spdlog formats on the thread that logs, and has no
// place for them in its messages.
thread_local const LogFields* event_fields = nullptr;

std::string Quoted(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppend(&out, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Bare where nothing of it could be taken for the next field.
std::string TextOf(const std::string& value) {
  const bool bare = !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c) && c != '"' && c != '=' && c != '\\';
  });
  return bare ? value : Quoted(value);
}
std::string TextOf(double value) { return absl::StrCat(value); }
std::string TextOf(int64_t value) { return absl::StrCat(value); }

std::string TextOf(const LogFields& fields) {
  std::string text;
  for (const LogField& field : fields) {
    absl::StrAppend(&text, " ", field.name, "=",
                    std::visit([](const auto& held) { return TextOf(held); }, field.value));
  }
  return text;
}

// `%*` of the text pattern: the fields.
class FieldsFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    if (event_fields == nullptr) return;
    const std::string text = TextOf(*event_fields);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<FieldsFlag>();
  }
};

std::unique_ptr<spdlog::formatter> TextFormatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<FieldsFlag>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v%*");
  return formatter;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch()).count();
    const auto level = spdlog::level::to_string_view(message.level);
    nlohmann::ordered_json line = {{"time", static_cast<double>(micros) / 1e6},
                                   {"level", std::string(level.data(), level.size())},
                                   {"message", std::string(message.payload.data(), message.payload.size())}};
    if (event_fields != nullptr) {
      for (const LogField& field : *event_fields) {
        std::visit([&](const auto& held) { line[field.name] = held; }, field.value);
      }
    }
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

absl::Status ConfigureLog(const std::string& level, const std::string& format, LogStream stream) {
  TIMBRE_ASSIGN_OR_RETURN(const auto parsed, ParseLevel(level));
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("log format '", format, "' is unknown; allowed: text, json"));
  }
  spdlog::sink_ptr sink;
  if (stream == LogStream::kOutput) {
    sink = std::make_shared<spdlog::sinks::stdout_color_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  sink->set_formatter(format == "json" ? std::make_unique<JsonFormatter>() : TextFormatter());
  auto logger = std::make_shared<spdlog::logger>(kLogger, sink);
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::trace);  // a pipe's buffer would hold lines back
  spdlog::set_default_logger(logger);
  return absl::OkStatus();
}

void LogEvent(LogLevel level, std::string_view message, const LogFields& fields) {
  spdlog::logger& logger = *spdlog::default_logger_raw();
  if (logger.name() != kLogger) return logger.log(ToSpdlog(level), "{}{}", message, TextOf(fields));
  event_fields = &fields;
  logger.log(ToSpdlog(level), spdlog::string_view_t(message.data(), message.size()));
  event_fields = nullptr;
}

void LogErrorLine(std::string_view text) { LogError("{}", text); }

}  // namespace timbre::base
