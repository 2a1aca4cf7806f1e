#include "client/cli/format.h"

#include <gtest/gtest.h>

#include <cmath>

#include "client/cli/table.h"

namespace timbre::cli {
namespace {

TEST(FormatTest, SecondsReadLikeAClock) {
  EXPECT_EQ(FormatSeconds(0.4), "0s");
  EXPECT_EQ(FormatSeconds(59.4), "59s");
  EXPECT_EQ(FormatSeconds(59.6), "1m00s");
  EXPECT_EQ(FormatSeconds(123), "2m03s");
  EXPECT_EQ(FormatSeconds(3720), "1h02m");
  EXPECT_EQ(FormatSeconds(273600), "3d04h");
  for (double odd : {-1.0, std::nan(""), HUGE_VAL}) EXPECT_EQ(FormatSeconds(odd), "?");
}

TEST(FormatTest, BytesHaveAUnit) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(64 << 20), "64.0 MiB");
}

TEST(FormatTest, AScoreThatDoesNotExistIsADash) {
  EXPECT_EQ(FormatScore(0.12345), "0.123");
  EXPECT_EQ(FormatScore(std::nan("")), "-");
}

TEST(FormatTest, StatesLoseTheirPrefix) {
  EXPECT_EQ(StateName(v1::JOB_STATE_RUNNING), "RUNNING");
  EXPECT_EQ(StateName(static_cast<v1::JobState>(77)), "state 77");
}

TEST(TableTest, ColumnsFitTheirWidestCell) {
  Table table({"TAG", "AP"});
  table.AlignRight(1);
  table.AddRow({"pianissimo", "0.5"});
  table.AddRow({"é", "10.25"});
  EXPECT_EQ(table.Render(),
            "TAG            AP\n"
            "pianissimo    0.5\n"
            "é           10.25\n");
}

}  // namespace
}  // namespace timbre::cli
