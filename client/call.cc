#include "client/call.h"

#include "absl/time/clock.h"

namespace timbre::client {
namespace {

constexpr int kMaxUnavailable = 3;
constexpr int kMaxAskedFor = 50;

}  // namespace

grpc::ClientContext* Prepared(const Connection& connection, grpc::ClientContext& context) {
  if (!connection.traceparent.empty()) context.AddMetadata("traceparent", connection.traceparent);
  return &context;
}

absl::Status RunCall(const Connection& connection, Retry retry,
                     const std::function<grpc::Status(grpc::ClientContext*)>& attempt) {
  Backoff backoff({.max = absl::Seconds(2)});
  int unavailable_count = 0;
  int asked_for_count = 0;
  while (true) {
    grpc::ClientContext context;
    if (connection.timeout != absl::InfiniteDuration()) {
      context.set_deadline(absl::ToChronoTime(absl::Now() + connection.timeout));
    }
    absl::Status status = FromGrpcStatus(attempt(Prepared(connection, context)));
    if (status.ok() || retry == Retry::kNever) return status;
    if (const auto delay = RetryDelay(status); delay && ++asked_for_count < kMaxAskedFor) {
      connection.sleep(*delay);
    } else if (status.code() == absl::StatusCode::kUnavailable && ++unavailable_count < kMaxUnavailable) {
      connection.sleep(backoff.Next());
    } else {
      return status;
    }
  }
}

}  // namespace timbre::client
