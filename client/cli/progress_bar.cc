#include "client/cli/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/format.h"
#include "client/cli/table.h"

namespace timbre::cli {
namespace {

constexpr int kMinBar = 10;
constexpr int kMaxBar = 40;

double Share(const BarFigures& figures) {
  if (figures.total <= 0) return 0;
  return std::clamp(static_cast<double>(figures.done) / static_cast<double>(figures.total), 0.0, 1.0);
}

std::string Percent(const BarFigures& figures) {
  // Rounded down: 100 % means that all is done.
  return absl::StrFormat("%3d%%", static_cast<int>(Share(figures) * 100));
}

// The parts behind the bar, and which of them go first when the room is short.
struct Parts {
  std::string count;
  std::string loss;
  std::string speed;
  std::string eta;
  std::string audio;

  explicit Parts(const BarFigures& figures) : count(FormatSteps(figures.done, figures.total)) {
    if (figures.loss) loss = absl::StrFormat("loss %.4f", *figures.loss);
    if (figures.windows_per_second) speed = absl::StrFormat("%.1f windows/s", *figures.windows_per_second);
    if (figures.eta_seconds) eta = absl::StrCat("ETA ", FormatSeconds(*figures.eta_seconds));
    if (figures.audio_seconds) audio = absl::StrCat(FormatSeconds(*figures.audio_seconds), " of audio");
  }

  std::string Join() const {
    std::vector<std::string> shown;
    for (const std::string& part : {count, loss, speed, eta, audio}) {
      if (!part.empty()) shown.push_back(part);
    }
    return absl::StrJoin(shown, "  ");
  }

  // Drops the least needed part; false when none is left.
  bool Drop() {
    for (std::string* part : {&speed, &audio, &count, &loss, &eta}) {
      if (part->empty()) continue;
      part->clear();
      return true;
    }
    return false;
  }
};

std::string Repeat(const char* text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string Bar(const BarFigures& figures, const BarStyle& style, int width) {
  const int filled = static_cast<int>(Share(figures) * width);
  const std::string start = style.colour ? "\x1b[32m" : "";
  const std::string end = style.colour ? "\x1b[0m" : "";
  if (style.unicode) {
    return absl::StrCat(start, Repeat("█", filled), end, Repeat("░", width - filled));
  }
  // The brackets are part of the width.
  const int inner = width - 2;
  const int done = static_cast<int>(Share(figures) * inner);
  const std::string head = done > 0 && done < inner ? ">" : "";
  return absl::StrCat("[", start, Repeat("=", done - static_cast<int>(head.size())), head, end,
                      Repeat(" ", inner - done), "]");
}

std::string Prefix(const std::string& text, int columns) {
  size_t end = 0;
  for (int i = 0; i < columns && end < text.size(); ++i) {
    ++end;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
  }
  return text.substr(0, end);
}

}  // namespace

std::string RenderBar(const BarFigures& figures, const BarStyle& style) {
  std::string title = figures.title;
  Parts parts(figures);
  while (true) {
    const std::string tail = parts.Join();
    const std::string left = title.empty() ? "" : title + " ";
    if (figures.total <= 0) {
      const std::string line = left + tail;
      if (static_cast<int>(DisplayWidth(line)) <= style.columns || !parts.Drop())
        return Prefix(line, style.columns);
      continue;
    }
    const std::string right = absl::StrCat(" ", Percent(figures), tail.empty() ? "" : " ", tail);
    const int room = style.columns - static_cast<int>(DisplayWidth(left) + DisplayWidth(right));
    if (room >= kMinBar) return absl::StrCat(left, Bar(figures, style, std::min(room, kMaxBar)), right);
    if (parts.Drop()) continue;
    if (title.empty()) return Prefix(Percent(figures), style.columns);
    title.clear();
  }
}

std::string RenderPlain(const BarFigures& figures) {
  std::string out = figures.title;
  if (figures.total > 0) absl::StrAppend(&out, out.empty() ? "" : " ", Percent(figures));
  const std::string tail = Parts(figures).Join();
  if (!tail.empty()) absl::StrAppend(&out, out.empty() ? "" : "  ", tail);
  if (!figures.details.empty()) absl::StrAppend(&out, out.empty() ? "" : "  ", figures.details);
  return out;
}

}  // namespace timbre::cli
