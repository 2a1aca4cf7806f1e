#include "core/audio/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

constexpr int64_t kWindow = kWindowSamples;

// The windows of a whole clip, the offline way.
std::vector<WindowStream::Window> CutWhole(const std::vector<float>& clip) {
  std::vector<WindowStream::Window> windows;
  const std::vector<WindowSpan> spans = PlanWindows(static_cast<int64_t>(clip.size())).value();
  for (const WindowSpan& span : spans) {
    std::vector<float> samples(kWindow);
    CopyWindow(clip, span, samples);
    windows.push_back({span, std::move(samples)});
  }
  return windows;
}

void ExpectSameWindows(const std::vector<WindowStream::Window>& a,
                       const std::vector<WindowStream::Window>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].span, b[i].span) << "window " << i;
    EXPECT_EQ(a[i].samples, b[i].samples) << "window " << i;
  }
}

TEST(WindowsTest, WindowsFollowEachOther) {
  EXPECT_THAT(PlanWindows(2 * kWindow).value(),
              ElementsAre(WindowSpan{0, kWindow}, WindowSpan{kWindow, kWindow}));
}

TEST(WindowsTest, ARightAlignedWindowCoversTheTail) {
  EXPECT_THAT(PlanWindows(kWindow + 1).value(), ElementsAre(WindowSpan{0, kWindow}, WindowSpan{1, kWindow}));
  EXPECT_THAT(PlanWindows(2 * kWindow - 1).value(),
              ElementsAre(WindowSpan{0, kWindow}, WindowSpan{kWindow - 1, kWindow}));
}

TEST(WindowsTest, EverySampleIsHeardAndNoneTwiceButInTheLastWindow) {
  base::Random random({7});
  for (int i = 0; i < 200; ++i) {
    const int64_t total = random.UniformInt(kMinSamples, 6 * kWindow);
    const auto spans = PlanWindows(total).value();
    int64_t heard_to = 0;
    for (size_t w = 0; w < spans.size(); ++w) {
      const bool last = w + 1 == spans.size();
      EXPECT_TRUE(last ? spans[w].start_samples <= heard_to : spans[w].start_samples == heard_to);
      heard_to = spans[w].start_samples + spans[w].length_samples;
    }
    EXPECT_EQ(heard_to, total);
  }
}

TEST(WindowsTest, LessThanATenthOfASecondIsRefused) {
  for (int64_t total : {int64_t{0}, int64_t{1}, kMinSamples - 1}) {
    EXPECT_THAT(PlanWindows(total), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2205")));
  }
  EXPECT_THAT(PlanWindows(kMinSamples), IsOk());
}

TEST(WindowsTest, AShortClipIsRepeatedToFillItsWindow) {
  const auto clip = timbre::testing::WhiteNoise(0.2, 10000, 1);
  const auto windows = CutWhole(clip);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0].span, (WindowSpan{0, 10000}));
  for (size_t i = 0; i < windows[0].samples.size(); ++i)
    ASSERT_EQ(windows[0].samples[i], clip[i % clip.size()]);
}

TEST(WindowsTest, SamplesSaturateAtOne) {
  std::vector<float> clip(kMinSamples, 1.5F);
  clip[1] = -3.0F;
  clip[2] = 0.25F;
  const auto windows = CutWhole(clip);
  EXPECT_EQ(windows[0].samples[0], 1.0F);
  EXPECT_EQ(windows[0].samples[1], -1.0F);
  EXPECT_EQ(windows[0].samples[2], 0.25F);
}

TEST(WindowsTest, SaturationEqualsTheInt16CacheWithinRounding) {
  const auto clip = timbre::testing::WhiteNoise(0.7, kMinSamples, 3);
  const auto windows = CutWhole(clip);
  for (size_t i = 0; i < clip.size(); ++i) {
    const double cached = std::clamp(std::round(clip[i] * 32768.0), -32768.0, 32767.0) / 32768.0;
    ASSERT_NEAR(windows[0].samples[i], cached, 1.0 / 32768);
  }
}

TEST(WindowsTest, TimesAreInSeconds) {
  const WindowSpan span{22050, kWindow};
  EXPECT_DOUBLE_EQ(span.start_seconds(), 1.0);
  EXPECT_NEAR(span.end_seconds(), 1 + 2.678, 1e-3);
}

TEST(WindowStreamTest, AnyChunksGiveTheWindowsOfTheWhole) {
  base::Random random({11});
  for (int round = 0; round < 40; ++round) {
    const int64_t total = random.UniformInt(kMinSamples, 4 * kWindow);
    const auto clip =
        timbre::testing::WhiteNoise(0.5, static_cast<size_t>(total), static_cast<uint64_t>(round));
    const int64_t largest = round % 2 == 0 ? 3000 : 3 * kWindow;
    WindowStream stream;
    std::vector<WindowStream::Window> windows;
    for (std::span<const float> rest = clip; !rest.empty();) {
      const auto size = std::min<int64_t>(random.UniformInt(0, largest), static_cast<int64_t>(rest.size()));
      stream.Push(rest.first(static_cast<size_t>(size)), windows);
      rest = rest.subspan(static_cast<size_t>(size));
    }
    ASSERT_THAT(stream.Finish(windows), IsOk());
    EXPECT_EQ(stream.total_samples(), total);
    ExpectSameWindows(windows, CutWhole(clip));
  }
}

TEST(WindowStreamTest, ExactlyFullWindowsLeaveNoTail) {
  const auto clip = timbre::testing::WhiteNoise(0.5, 2 * kWindow, 5);
  WindowStream stream;
  std::vector<WindowStream::Window> windows;
  stream.Push(clip, windows);
  EXPECT_EQ(windows.size(), 2U);
  ASSERT_THAT(stream.Finish(windows), IsOk());
  ExpectSameWindows(windows, CutWhole(clip));
}

TEST(WindowStreamTest, AWindowComesAsSoonAsItsLastSampleIsThere) {
  const std::vector<float> clip(kWindow, 0.1F);
  WindowStream stream;
  std::vector<WindowStream::Window> windows;
  stream.Push(std::span(clip).first(kWindow - 1), windows);
  EXPECT_TRUE(windows.empty());
  stream.Push(std::span(clip).last(1), windows);
  EXPECT_EQ(windows.size(), 1U);
}

TEST(WindowStreamTest, AStreamOfLessThanATenthOfASecondIsRefused) {
  WindowStream stream;
  std::vector<WindowStream::Window> windows;
  EXPECT_THAT(stream.Finish(windows), StatusIs(absl::StatusCode::kInvalidArgument));
  stream.Push(std::vector<float>(kMinSamples - 1, 0.1F), windows);
  EXPECT_THAT(stream.Finish(windows), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too short")));
  EXPECT_TRUE(windows.empty());
}

}  // namespace
}  // namespace timbre::audio
