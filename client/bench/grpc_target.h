#pragma once

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "client/bench/question.h"
#include "client/bench/target.h"
#include "client/connection.h"

namespace timbre::bench {

// How a server is called.
struct GrpcTargetOptions {
  std::string server = {};
  client::Credentials credentials = {};
  // The W3C trace that all calls belong to; empty: none is sent.
  std::string traceparent = {};
  // Connections, used in turns: one shares its bytes in flight among all calls.
  int channels = 4;
  // Of each call.
  absl::Duration deadline = absl::Seconds(10);
};

// Asks a server by gRPC's callbacks: no thread waits, however many calls are in flight. A call is made once,
// never tried again. What a call costs here is the same for any method: the request's bytes are shared by all
// calls and its answer is read on a gRPC thread.
// Threads: as Target.
class GrpcTarget final : public Target {
 public:
  GrpcTarget(Question question, const GrpcTargetOptions& options);
  // Waits for the calls in flight, which it cancels.
  ~GrpcTarget() override;

  void Send(Done done) override;
  void CancelAll() override;

  // One call, waited for: whether the load makes sense, and with which model.
  Reply Ask();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::bench
