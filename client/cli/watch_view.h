#pragma once

#include <timbre/v1/job_service.pb.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cli/progress_bar.h"
#include "client/cli/session.h"

namespace timbre::cli {

// Shows a job's events as they come. On a terminal: one bar that is drawn over itself at most 20 times a
// second, and what a person must know (states, warnings, reconnects) above it. Elsewhere: plain lines,
// progress at most every 10 s of the job's time.
// Threads: not safe.
// Lifetime: Close() before anything else writes to the console.
class WatchView {
 public:
  // `title` stands before the bar.
  WatchView(const Console& console, std::string title);
  ~WatchView() { Close(); }
  WatchView(const WatchView&) = delete;
  WatchView& operator=(const WatchView&) = delete;

  void OnEvent(const v1::JobEvent& event);
  // Said once, however many tries it takes; the next event says that the connection is back.
  void OnReconnect(const absl::Status& why, absl::Duration wait);
  // Progress of something that is no job, such as an upload.
  void OnProgress(const BarFigures& figures, absl::Time time);
  // Leaves the bar as it is and begins a new line. Harmless when repeated.
  void Close();

 private:
  void OnState(const v1::StateChanged& change);
  void Say(const std::string& line);
  void Draw();

  const Console& console_;
  const std::string title_;
  std::optional<BarFigures> figures_;
  absl::Time last_drawn_ = absl::InfinitePast();
  absl::Time last_said_ = absl::InfinitePast();
  bool bar_visible_ = false;
  bool connection_lost_ = false;
};

}  // namespace timbre::cli
