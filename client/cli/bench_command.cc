#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bench/json.h"
#include "client/bench/load.h"
#include "client/cli/bench_options.h"
#include "client/cli/bench_text.h"
#include "client/cli/commands.h"
#include "client/cli/interrupt.h"

namespace timbre::cli {
namespace {

struct Runner {
  const Session& session;
  const BenchOptions& options;
  bench::GrpcTarget& target;
  const InterruptWatch& interrupt;

  bench::LoadResult Load(const bench::LoadPlan& plan,
                         std::function<bool(const bench::Outcome&)> enough) const {
    bench::SteadyTimeline timeline;
    return bench::RunLoad(plan, target, timeline,
                          {.stop = [this] { return interrupt.interrupted(); }, .enough = std::move(enough)});
  }

  bench::Trial Try(double rps) const {
    bench::LoadPlan plan = options.Plan();
    plan.rps = rps;
    const absl::Duration limit = absl::Milliseconds(options.p99_ms);
    bench::Trial trial{.rps = rps, .summary = Summarise(Load(plan, HopelessAfter(plan, limit)))};
    trial.why_not = WhyNot(trial.summary, limit);
    if (!session.json && !interrupt.interrupted()) session.console.out << TrialText(trial) << std::flush;
    return trial;
  }
};

// What was asked for, as the head of both forms of output.
nlohmann::json Head(const Session& session, const BenchOptions& options, const bench::Reply& first) {
  const bool open = options.rps > 0 || options.find_max;
  nlohmann::json head = {{"server", client::ServerAddress(session.server)},
                         {"model_version", first.model_version},
                         {"call", options.question.tag ? "tag" : "embed"},
                         {"windows_per_call", first.windows},
                         {"loop", open ? "open" : "closed"}};
  if (open) head["arrivals"] = options.arrivals;
  if (options.rps > 0) head["rps"] = options.rps;
  if (!open) head["concurrency"] = options.concurrency;
  return head;
}

std::string HeadText(const BenchOptions& options, const nlohmann::json& head) {
  std::string load = absl::StrCat("closed loop of ", options.concurrency);
  if (options.rps > 0) load = absl::StrFormat("open loop of %g calls/s (%s)", options.rps, options.arrivals);
  if (options.find_max) load = absl::StrFormat("the highest rate that holds a p99 of %g ms", options.p99_ms);
  return absl::StrCat(head["call"].get<std::string>(), ", ", head["model_version"].get<std::string>(), " at ",
                      head["server"].get<std::string>(), ": ", load, "\n");
}

ExitCode RunSearch(const Runner& runner, nlohmann::json document) {
  const bench::SearchRange range =
      runner.options.rps > 0 ? bench::SearchRange{.start_rps = runner.options.rps} : bench::SearchRange{};
  const bench::SearchResult result = bench::FindMax(
      range, [&runner](double rps) { return runner.Try(rps); },
      [&runner] { return runner.interrupt.interrupted(); });
  if (runner.session.json) {
    document["find_max"] = ToJson(result);
    runner.session.console.out << document.dump(2) << "\n";
  } else if (result.max_rps > 0) {
    runner.session.console.out << absl::StrFormat("%.2f calls/s hold a p99 of %g ms%s\n", result.max_rps,
                                                  runner.options.p99_ms,
                                                  result.stopped ? " (interrupted: at least)" : "");
  } else {
    runner.session.console.out << absl::StrFormat("no rate that was tried holds a p99 of %g ms\n",
                                                  runner.options.p99_ms);
  }
  return result.max_rps > 0 ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode RunOne(const Runner& runner, nlohmann::json document) {
  const bench::Summary summary = Summarise(runner.Load(runner.options.Plan(), {}));
  if (runner.session.json) {
    document["summary"] = ToJson(summary);
    runner.session.console.out << document.dump(2) << "\n";
  } else {
    runner.session.console.out << BenchText(summary);
  }
  return summary.answered > 0 || summary.failed + summary.dropped == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

absl::StatusOr<ExitCode> Run(const Session& session, const BenchOptions& options) {
  absl::StatusOr<bench::Question> question = bench::MakeQuestion(options.question);
  if (!question.ok()) return question.status();
  bench::GrpcTargetOptions to = options.Target(client::ServerAddress(session.server));
  to.credentials = session.credentials;
  to.traceparent = session.traceparent;
  bench::GrpcTarget target(*std::move(question), to);
  const bench::Reply first = target.Ask();
  if (absl::IsDeadlineExceeded(first.status)) {
    return absl::DeadlineExceededError(
        absl::StrCat("one call took more than ", options.deadline_ms, " ms; --deadline-ms gives it more"));
  }
  if (!first.status.ok()) return first.status;

  const InterruptWatch interrupt;
  const Runner runner{session, options, target, interrupt};
  nlohmann::json head = Head(session, options, first);
  if (!session.json) session.console.out << HeadText(options, head) << std::flush;
  return options.find_max ? RunSearch(runner, std::move(head)) : RunOne(runner, std::move(head));
}

}  // namespace

void AddBenchCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand(
      "bench",
      "Measure how a server takes load: latencies from when each call was due, rates, errors. Ctrl-C ends it "
      "with the figures so far");
  AddBenchOptions(*command, *options);
  command->footer(
      Example("timbre bench --rps 40 --duration 30\n"
              "  timbre bench song.mp3 --tag --concurrency 16 --json\n"
              "  timbre bench --find-max --p99-ms 50"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Run(session, *options); }; });
}

}  // namespace timbre::cli
