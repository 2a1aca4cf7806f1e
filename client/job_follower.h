#pragma once

#include <timbre/v1/job_service.pb.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "client/connection.h"

namespace timbre::client {

// How to follow a job.
struct FollowOptions {
  // jobs/{job}.
  std::string job = {};
  // Begin after this event; 0: with the first.
  int64_t after_sequence = 0;
  // End after this event, though the job goes on; 0: when the job is over.
  int64_t until_sequence = 0;
  BackoffOptions backoff = {};
  // Give up after so much waiting without a new event in between.
  absl::Duration give_up_after = absl::InfiniteDuration();
};

// Who is told. Both run on the caller's thread and may block: the stream's flow control holds the server
// back.
struct FollowCallbacks {
  std::function<void(const v1::JobEvent&)> on_event = {};
  // The connection broke; it is tried again after `wait`. May be empty.
  std::function<void(const absl::Status& why, absl::Duration wait)> on_reconnect = {};
};

// Follows a job until it is over, or until the event asked for. Each event is delivered exactly once and in
// order, however often the connection breaks: the stream is opened again after the last event delivered, what
// is sent twice is dropped, and a gap counts as a broken stream. Errors: those that another try cannot mend
// (kNotFound, kInvalidArgument, kUnimplemented, ...) · the last one when `give_up_after` has passed, or after
// 8 tries without a new event against one that looks like a bug of the server (kInternal, kUnknown,
// kDataLoss).
absl::Status FollowJob(const Connection& connection, const FollowOptions& options,
                       const FollowCallbacks& callbacks);

}  // namespace timbre::client
