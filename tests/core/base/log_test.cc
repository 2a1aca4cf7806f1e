#include "core/base/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

#include "core/base/log_event.h"
#include "tests/support/matchers.h"

namespace timbre::base {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

std::string Logged(const std::string& level, const std::string& format, const std::string& message) {
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(ConfigureLog(level, format), IsOk());
  LogInfo("{}", message);
  spdlog::default_logger()->flush();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, AnUnknownLevelOrFormatIsRefusedWithTheAllowedOnes) {
  EXPECT_THAT(ConfigureLog("loud", "text"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("debug")));
  EXPECT_THAT(ConfigureLog("info", "xml"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("json")));
}

TEST(LogTest, TextGoesToStandardErrorFromItsLevelOn) {
  EXPECT_THAT(Logged("info", "text", "model loaded"), HasSubstr("model loaded"));
  EXPECT_EQ(Logged("warn", "text", "model loaded"), "");
}

TEST(LogTest, AServersLogGoesToStandardOutputAtOnce) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(ConfigureLog("debug", "text", LogStream::kOutput), IsOk());
  LogDebug("a probe");  // not flushed by hand
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("a probe\n"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(ConfigureLog("info", "text"), IsOk());
}

TEST(LogTest, JsonIsOneObjectALineWhateverTheMessageHolds) {
  const std::string line = Logged("info", "json", "a \"quote\",\na newline and \xff");
  ASSERT_FALSE(line.empty());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_THAT(object.at("message").get<std::string>(), HasSubstr("a \"quote\",\na newline"));
  EXPECT_GT(object.at("time").get<double>(), 1.6e9);
}

std::string LoggedEvent(const std::string& format, const LogFields& fields) {
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(ConfigureLog("info", format), IsOk());
  LogEvent(LogLevel::kInfo, "rpc", fields);
  spdlog::default_logger()->flush();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, TheFieldsOfAnEventAreMembersOfItsObjectWithTheirTypes) {
  const auto object =
      nlohmann::json::parse(LoggedEvent("json", {{"method", "A/B"}, {"ms", 1.5}, {"windows", int64_t{3}}}));
  EXPECT_EQ(object.at("message"), "rpc");
  EXPECT_EQ(object.at("method"), "A/B");
  EXPECT_EQ(object.at("ms"), 1.5);
  EXPECT_TRUE(object.at("windows").is_number_integer());
}

TEST(LogTest, TheFieldsOfAnEventFollowItsTextAndCannotForgeALine) {
  EXPECT_THAT(LoggedEvent("text", {{"method", "A/B"}, {"ms", 1.5}, {"windows", int64_t{3}}}),
              HasSubstr("rpc method=A/B ms=1.5 windows=3\n"));
  const std::string forged =
      LoggedEvent("text", {{"error", "x\n2026 error \"y\""}, {"client", "it's b=\x1b"}});
  EXPECT_EQ(forged.find('\n'), forged.size() - 1);
  EXPECT_THAT(forged, HasSubstr(R"(error="x\n2026 error \"y\"" client="it's b=\x1b")"));
}

TEST(LogTest, FieldsAreThereBeforeTheLogIsConfigured) {
  const auto configured = spdlog::default_logger();
  ::testing::internal::CaptureStdout();
  spdlog::set_default_logger(spdlog::stdout_logger_mt("of another"));
  LogEvent(LogLevel::kInfo, "rpc", {{"code", "OK"}});
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("rpc code=OK"));
  spdlog::set_default_logger(configured);
}

TEST(LogTest, FieldsGoWithTheirEventAlone) {
  LoggedEvent("text", {{"secret", "x"}});
  EXPECT_THAT(Logged("info", "text", "next"), ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace timbre::base
