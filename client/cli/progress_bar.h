#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace timbre::cli {

// What a bar shows.
struct BarFigures {
  std::string title = {};
  int64_t done = 0;
  // 0: unknown; then there is no bar, only the count.
  int64_t total = 0;
  std::optional<double> loss = {};
  std::optional<double> windows_per_second = {};
  std::optional<double> eta_seconds = {};
  std::optional<double> audio_seconds = {};
  // More figures, for logs alone.
  std::string details = {};
};

// How it is drawn.
struct BarStyle {
  // The line never takes more.
  int columns = 80;
  bool unicode = false;
  bool colour = false;
};

// One line, without a newline: title, bar, percent, count, loss, windows/s, ETA,
// length of audio. On a narrow terminal the bar
// shrinks first (40 to 10 columns), then figures go from the least needed on: windows/s, length, count, loss,
// ETA, title.
//   train [=======>            ]  35% 350/1000  loss 4.213  312 windows/s  ETA 2m03s
std::string RenderBar(const BarFigures& figures, const BarStyle& style);

// The same figures for a log: no bar, no width.
std::string RenderPlain(const BarFigures& figures);

}  // namespace timbre::cli
