#pragma once

// How a program reaches timbred.
//   const Connection connection = Connect({.server = ServerAddress("")});
//   absl::StatusOr<timbre::v1::Job> job = GetJob(connection, "jobs/j1");

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/backoff.h"

namespace grpc {
class ChannelInterface;
}

namespace timbre::client {

// What a client shows the server, and whom it trusts: contents of files, read.
struct Credentials {
  // Encrypts, and wants a certificate of the server.
  bool tls = false;
  // PEM of the authorities that may have signed it; empty: the system's.
  std::string authorities = {};
  // PEM of the client's own certificate and key; empty: none.
  std::string certificate = {};
  std::string private_key = {};
  // The name that the server's certificate must have, where it is not that of the address.
  std::string server_name = {};
  // Bearer token; empty: none.
  std::string token = {};
};

// Where credentials are.
struct CredentialFiles {
  bool tls = false;  // so do the next two
  std::string authorities = {};
  std::string certificate = {};
  std::string private_key = {};
  std::string server_name = {};
  std::string token = {};       // itself
  std::string token_file = {};  // or its file
};

// Reads them, for `server`. Errors: kNotFound, kInvalidArgument a file; a certificate without key; a token
// that would travel to another machine in the clear.
absl::StatusOr<Credentials> LoadCredentials(const CredentialFiles& files, const std::string& server);

// What a channel is made of.
struct ConnectOptions {
  // host:port, or unix:path.
  std::string server = {};
  Credentials credentials = {};
  // Deadline of each call that is not a stream; absl::InfiniteDuration() for none.
  absl::Duration timeout = absl::Seconds(60);
  // Bytes of one message, sent or received.
  int max_message_bytes = 256 << 20;
  // A connection of its own; else channels to the same server share one.
  bool separate = false;
  // The W3C trace that the calls belong to (client/trace.h); empty: none is sent.
  std::string traceparent = {};
};

// A channel and how calls on it behave.
// Threads: safe to share and to copy; a channel serves any number of calls at once.
struct Connection {
  std::shared_ptr<grpc::ChannelInterface> channel;
  std::string server;
  absl::Duration timeout = absl::Seconds(60);
  std::string traceparent = {};
  Sleeper sleep = RealSleeper();
};

// `flag` if it is not empty, else the environment's TIMBRE_SERVER, else 127.0.0.1:50051.
std::string ServerAddress(const std::string& flag);

// Whether gRPC would take it for what it says: a port above 65535 becomes another, a URL a host's name.
// Errors: kInvalidArgument.
absl::Status CheckAddress(const std::string& server);

// Makes a channel. It connects with the first call; keepalive notices a dead peer within
// about six minutes, and a lost connection is tried again every few seconds.
Connection Connect(const ConnectOptions& options);

}  // namespace timbre::client
