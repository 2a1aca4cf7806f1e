#pragma once

namespace timbre::app {

// Lets what gRPC says of itself come as lines of our log: its errors as warnings, the rest (which
// GRPC_VERBOSITY asks for) as debug. Before anything else of gRPC is used.
void TakeGrpcLog();

}  // namespace timbre::app
