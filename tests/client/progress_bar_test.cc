#include "client/cli/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/table.h"

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BarFigures Training(int64_t done) {
  return {.title = "j1",
          .done = done,
          .total = 1000,
          .loss = 4.2134,
          .windows_per_second = 312.44,
          .eta_seconds = 123};
}

TEST(ProgressBarTest, SaysAllThatFits) {
  EXPECT_EQ(
      RenderBar(Training(450), {.columns = 100}),
      "j1 [================>                     ]  45% 450/1000  loss 4.2134  312.4 windows/s  ETA 2m03s");
}

TEST(ProgressBarTest, NeverTakesMoreThanItsColumns) {
  for (bool unicode : {false, true}) {
    for (int columns = 1; columns <= 200; ++columns) {
      for (int64_t done : {0, 1, 500, 999, 1000, 5000}) {
        const std::string bar = RenderBar(Training(done), {.columns = columns, .unicode = unicode});
        EXPECT_LE(DisplayWidth(bar), static_cast<size_t>(columns)) << bar;
        EXPECT_THAT(bar, Not(HasSubstr("\n")));
      }
    }
  }
}

TEST(ProgressBarTest, DropsWhatIsLeastNeededFirst) {
  EXPECT_THAT(RenderBar(Training(450), {.columns = 60}), Not(HasSubstr("windows/s")));
  EXPECT_THAT(RenderBar(Training(450), {.columns = 60}), HasSubstr("ETA 2m03s"));
  EXPECT_THAT(RenderBar(Training(450), {.columns = 30}), HasSubstr("ETA 2m03s"));
  EXPECT_EQ(RenderBar(Training(450), {.columns = 16}), "[===>     ]  45%");
  EXPECT_EQ(RenderBar(Training(450), {.columns = 4}), " 45%");
}

TEST(ProgressBarTest, IsFullOnlyWhenAllIsDone) {
  EXPECT_THAT(RenderBar(Training(999), {.columns = 120}), HasSubstr(" 99%"));
  EXPECT_THAT(RenderBar(Training(1000), {.columns = 120}), HasSubstr("100%"));
  EXPECT_THAT(RenderBar(Training(1000), {.columns = 120}), HasSubstr("=]"));
  EXPECT_THAT(RenderBar(Training(999), {.columns = 120, .unicode = true}), HasSubstr("░"));
  EXPECT_THAT(RenderBar(Training(1000), {.columns = 120, .unicode = true}), Not(HasSubstr("░")));
}

TEST(ProgressBarTest, AnUnknownTotalShowsTheCountAlone) {
  EXPECT_EQ(RenderBar({.title = "decode", .done = 12}, {.columns = 80}), "decode 12");
}

TEST(ProgressBarTest, ColoursComeOnlyWhenAskedFor) {
  EXPECT_THAT(RenderBar(Training(450), {.columns = 100}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderBar(Training(450), {.columns = 100, .colour = true}), HasSubstr("\x1b[32m"));
}

TEST(ProgressBarTest, ALogLineHasTheSameFigures) {
  EXPECT_EQ(RenderPlain(Training(450)), "j1  45%  450/1000  loss 4.2134  312.4 windows/s  ETA 2m03s");
}

}  // namespace
}  // namespace timbre::cli
