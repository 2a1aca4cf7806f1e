#pragma once

#include <CLI/CLI.hpp>

#include "client/bench/find_max.h"
#include "client/bench/grpc_target.h"
#include "client/bench/pacer.h"
#include "client/bench/question.h"

namespace timbre::cli {

// The command line of `timbre bench`.
struct BenchOptions {
  bench::QuestionOptions question = {};
  std::string arrivals = "poisson";
  double rps = 0;  // 0: none was given
  int concurrency = 1;
  int max_in_flight = 1024;
  double warmup_seconds = 2;
  double duration_seconds = 10;
  double deadline_ms = 10'000;
  int channels = 4;
  uint64_t seed = 1;
  bool find_max = false;
  double p99_ms = 50;

  // Of the load; with `find_max` the search sets its rate.
  bench::LoadPlan Plan() const;
  bench::GrpcTargetOptions Target(const std::string& server) const;
};

// `options` outlives the command.
void AddBenchOptions(CLI::App& command, BenchOptions& options);

}  // namespace timbre::cli
