#pragma once

#include <grpcpp/client_context.h>

#include "absl/status/status.h"
#include "client/status.h"

namespace timbre::client {

// Ends a client stream: closes it where all that was to be sent was (`local`), else breaks it off, so that
// the server makes nothing of a part. Local trouble comes before what the server says of it.
template <typename Writer>
absl::Status FinishClientStream(grpc::ClientContext& context, Writer& writer, const absl::Status& local) {
  if (local.ok()) {
    writer.WritesDone();
  } else {
    context.TryCancel();
  }
  const absl::Status remote = FromGrpcStatus(writer.Finish());
  return local.ok() ? remote : local;
}

}  // namespace timbre::client
