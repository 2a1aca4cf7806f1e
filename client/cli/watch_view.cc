#include "client/cli/watch_view.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/format.h"
#include "client/cli/terminal.h"

namespace timbre::cli {
namespace {

constexpr absl::Duration kDrawInterval = absl::Milliseconds(50);
constexpr absl::Duration kSayInterval = absl::Seconds(10);
constexpr char kClearLine[] = "\r\x1b[K";

std::string DetailsOf(const v1::TrainingProgress& progress) {
  std::string out =
      absl::StrFormat("lr %.3g  gradient %.3g  align %.3f  uniform %.3f  std %.3f  wait %.0f%%",
                      progress.learning_rate(), progress.gradient_norm(), progress.alignment(),
                      progress.uniformity(), progress.embedding_std(), 100 * progress.data_wait_ratio());
  for (const v1::Diagnostic& diagnostic : progress.diagnostics()) {
    absl::StrAppend(&out, absl::StrFormat("  %s %.3f", diagnostic.name(), diagnostic.value()));
  }
  return out;
}

BarFigures FiguresOf(const std::string& title, const v1::TrainingProgress& progress) {
  return {.title = title,
          .done = progress.step(),
          .total = progress.step_count(),
          .loss = progress.loss(),
          .windows_per_second = progress.windows_per_second(),
          .eta_seconds = progress.eta_seconds(),
          .details = DetailsOf(progress)};
}

std::string ProblemName(v1::HealthProblem problem) {
  const std::string name = v1::HealthProblem_Name(problem);
  constexpr absl::string_view kPrefix = "HEALTH_PROBLEM_";
  return absl::StartsWith(name, kPrefix) ? name.substr(kPrefix.size()) : "UNKNOWN";
}

}  // namespace

WatchView::WatchView(const Console& console, std::string title)
    : console_(console), title_(std::move(title)) {}

void WatchView::OnEvent(const v1::JobEvent& event) {
  if (connection_lost_) Say(absl::StrCat(title_, " connected again"));
  connection_lost_ = false;
  switch (event.payload_case()) {
    case v1::JobEvent::kStateChanged:
      OnState(event.state_changed());
      break;
    case v1::JobEvent::kTrainingProgress:
      OnProgress(FiguresOf(title_, event.training_progress()), ToTime(event.event_time()));
      break;
    case v1::JobEvent::kPhaseProgress: {
      const auto& phase = event.phase_progress();
      BarFigures figures{.title = absl::StrCat(title_, " ", phase.phase()),
                         .done = phase.done_count(),
                         .total = phase.total_count()};
      if (phase.has_ingest()) figures.audio_seconds = phase.ingest().audio_seconds();
      OnProgress(figures, ToTime(event.event_time()));
      break;
    }
    case v1::JobEvent::kHealthWarning:
      Say(absl::StrCat(Paint(console_, Colour::kYellow, "warning:"), " step ", event.health_warning().step(),
                       " ", ProblemName(event.health_warning().problem()), ": ",
                       event.health_warning().message()));
      break;
    case v1::JobEvent::kSnapshotSaved:
      // On a terminal the bar says enough.
      if (console_.live) break;
      Say(absl::StrFormat("%s snapshot of step %d (%.2f s)", title_, event.snapshot_saved().step(),
                          event.snapshot_saved().duration_seconds()));
      break;
    case v1::JobEvent::kResumed:
      Say(absl::StrCat(title_, " goes on after step ", event.resumed().step(), ": ",
                       event.resumed().message()));
      break;
    case v1::JobEvent::PAYLOAD_NOT_SET:
      break;
  }
}

void WatchView::OnState(const v1::StateChanged& change) {
  const bool bad = change.state() == v1::JOB_STATE_FAILED;
  std::string line = absl::StrCat(
      title_, " ", Paint(console_, bad ? Colour::kRed : Colour::kBold, StateName(change.state())));
  const std::string& why = change.has_error() ? change.error().message() : change.message();
  if (!why.empty()) absl::StrAppend(&line, ": ", why);
  Say(line);
}

void WatchView::OnReconnect(const absl::Status& why, absl::Duration wait) {
  if (connection_lost_) return;
  connection_lost_ = true;
  Say(absl::StrFormat("%s connection lost (%s), trying again in %.1f s and from then on",
                      Paint(console_, Colour::kYellow, "warning:"), std::string(why.message()),
                      absl::ToDoubleSeconds(wait)));
}

void WatchView::OnProgress(const BarFigures& figures, absl::Time time) {
  const bool new_phase = !figures_ || figures_->title != figures.title;
  const bool complete = figures.total > 0 && figures.done >= figures.total;
  figures_ = figures;
  if (console_.live) {
    if (const absl::Time now = console_.now(); new_phase || complete || now - last_drawn_ >= kDrawInterval) {
      last_drawn_ = now;
      Draw();
    }
  } else if (new_phase || complete || time - last_said_ >= kSayInterval) {
    last_said_ = time;
    Say(RenderPlain(figures));
  }
}

void WatchView::Say(const std::string& line) {
  if (bar_visible_) console_.out << kClearLine;
  bar_visible_ = false;
  console_.out << line << "\n";
  if (console_.live && figures_) Draw();
  console_.out.flush();
}

void WatchView::Draw() {
  // The last column stays free: some terminals wrap there.
  const BarStyle style{
      .columns = console_.columns() - 1, .unicode = console_.unicode, .colour = console_.colour};
  console_.out << kClearLine << RenderBar(*figures_, style) << std::flush;
  bar_visible_ = true;
}

void WatchView::Close() {
  if (bar_visible_) {
    Draw();
    console_.out << "\n" << std::flush;
  }
  bar_visible_ = false;
  figures_.reset();
}

}  // namespace timbre::cli
