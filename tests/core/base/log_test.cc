#include "core/base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

TEST(LogTest, JsonIsOneObjectALineWhateverTheMessageHolds) {
  const std::string line = Logged("info", "json", "a \"quote\",\na newline and \xff");
  ASSERT_FALSE(line.empty());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_THAT(object.at("message").get<std::string>(), HasSubstr("a \"quote\",\na newline"));
  EXPECT_GT(object.at("time").get<double>(), 1.6e9);
}

}  // namespace
}  // namespace timbre::base
