#pragma once

// How a program reaches timbred.
//   const Connection connection = Connect({.server = ServerAddress("")});
//   absl::StatusOr<timbre::v1::Job> job = GetJob(connection, "jobs/j1");

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "client/backoff.h"

namespace grpc {
class ChannelInterface;
}

namespace timbre::client {

// What a channel is made of.
struct ConnectOptions {
  // host:port, or unix:path.
  std::string server = {};
  // Deadline of each call that is not a stream; absl::InfiniteDuration() for none.
  absl::Duration timeout = absl::Seconds(60);
  // Bytes of one message, sent or received.
  int max_message_bytes = 256 << 20;
  // A connection of its own; else channels to the same server share one.
  bool separate = false;
};

// A channel and how calls on it behave.
// Threads: safe to share and to copy; a channel serves any number of calls at once.
struct Connection {
  std::shared_ptr<grpc::ChannelInterface> channel;
  std::string server;
  absl::Duration timeout = absl::Seconds(60);
  Sleeper sleep = RealSleeper();
};

// `flag` if it is not empty, else the environment's TIMBRE_SERVER, else 127.0.0.1:50051.
std::string ServerAddress(const std::string& flag);

// Makes a channel without encryption. It connects with the first call; keepalive notices a dead peer within
// about six minutes, and a lost connection is tried again every few seconds.
Connection Connect(const ConnectOptions& options);

}  // namespace timbre::client
