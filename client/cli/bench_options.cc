#include "client/cli/bench_options.h"

#include "client/cli/name_checks.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

void AddAudioOptions(CLI::App& command, bench::QuestionOptions& question) {
  CLI::Option* files =
      command.add_option("file", question.paths, "audio to send, in turns; else noise, as 16-bit PCM");
  command.add_option("--windows", question.windows, "windows of noise in a call (2.678 s each)")
      ->check(CLI::Range(1, 1000))
      ->excludes(files)
      ->capture_default_str();
  command.add_flag("--tag", question.tag, "call Tag instead of Embed");
  command
      .add_option("--model", question.model, "m (its label \"stable\"), m@label or m/3; else what is served")
      ->transform(LongName(client::ModelReference));
}

void AddLoadOptions(CLI::App& command, BenchOptions& options) {
  CLI::Option* rps = command.add_option(
      "--rps", options.rps, "open loop: calls a second, sent when they are due, whatever became of others");
  rps->check(CLI::Range(0.01, 1e6));
  CLI::Option* concurrency =
      command.add_option("--concurrency", options.concurrency, "closed loop: calls kept unanswered");
  concurrency->check(CLI::Range(1, 100'000))->excludes(rps)->capture_default_str();
  command
      .add_option("--arrivals", options.arrivals, "poisson (independent callers) or constant (equal gaps)")
      ->check(CLI::IsMember({"poisson", "constant"}))
      ->capture_default_str();
  CLI::Option* find_max = command.add_flag("--find-max", options.find_max,
                                           "search the highest rate without errors that holds --p99-ms; "
                                           "begins at --rps");
  find_max->excludes(concurrency);
  command.add_option("--p99-ms", options.p99_ms, "with --find-max: the p99 latency to hold")
      ->check(CLI::Range(0.001, 60'000.0))
      ->needs(find_max)
      ->capture_default_str();
}

void AddRunOptions(CLI::App& command, BenchOptions& options) {
  command.add_option("--duration", options.duration_seconds, "seconds to measure (of each rate)")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  command.add_option("--warmup", options.warmup_seconds, "seconds of load before that")
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  command.add_option("--deadline-ms", options.deadline_ms, "of each call")
      ->check(CLI::Range(1.0, 3.6e6))
      ->capture_default_str();
  command
      .add_option("--max-in-flight", options.max_in_flight,
                  "open loop: calls due while so many are unanswered are dropped, and counted")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--channels", options.channels, "connections, used in turns")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "of the arrivals")->capture_default_str();
}

}  // namespace

bench::LoadPlan BenchOptions::Plan() const {
  return {.rps = rps,
          .arrivals = arrivals == "constant" ? bench::Arrivals::kConstant : bench::Arrivals::kPoisson,
          .max_in_flight = max_in_flight,
          .concurrency = concurrency,
          .warmup = absl::Seconds(warmup_seconds),
          .duration = absl::Seconds(duration_seconds),
          .seed = seed};
}

bench::GrpcTargetOptions BenchOptions::Target(const std::string& server) const {
  return {.server = server, .channels = channels, .deadline = absl::Milliseconds(deadline_ms)};
}

void AddBenchOptions(CLI::App& command, BenchOptions& options) {
  AddAudioOptions(command, options.question);
  AddLoadOptions(command, options);
  AddRunOptions(command, options);
}

}  // namespace timbre::cli
