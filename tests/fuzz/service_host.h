#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/support/status.h"

namespace timbre::fuzz {

// The five services with all that stands behind them, in one process and without a socket: a state folder of
// their own, a model ("m", version 1, `stable`, with a tagger) whose encoder is fakes::FakeEncoder, and a
// data set ("d") that is READY. Trainings and probes end at once with nothing done; ingests are real.
class ServiceHost {
 public:
  ServiceHost();
  ~ServiceHost();

  struct CallSpec {
    std::string method;                 // "/timbre.v1.JobService/GetJob"
    std::vector<std::string> messages;  // serialized; sent one by one, then the end of the stream
    std::vector<std::pair<std::string, std::string>> metadata;  // printable
    double deadline_seconds = 20;
  };
  struct Answer {
    grpc::Status status;
    int messages = 0;
  };
  // Reads all answers. One call at a time.
  Answer Call(const CallSpec& call);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::fuzz
