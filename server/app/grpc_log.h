#pragma once

namespace timbre::app {

// While it lives, what gRPC says of itself comes as lines of our log: its errors as warnings, the rest (which
// GRPC_VERBOSITY asks for) as debug. Made after ConfigureLog and before gRPC is used. gRPC's threads may call
// it at any time.
class GrpcLog {
 public:
  GrpcLog();
  ~GrpcLog();
  GrpcLog(const GrpcLog&) = delete;
};

}  // namespace timbre::app
