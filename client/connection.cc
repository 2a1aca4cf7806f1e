#include "client/connection.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/bearer_token.h"

namespace timbre::client {
namespace {

// Whether the server is on this machine, whatever names others have given to theirs.
bool IsLocal(const std::string& server) {
  if (absl::StartsWith(server, "unix:")) return true;
  const std::string host = server.substr(0, server.rfind(':'));
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1) return (ntohl(ipv4.s_addr) >> 24) == 127;
  return host == "localhost" || host == "[::1]";
}

bool IsToken(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const Credentials& credentials) {
  if (!credentials.tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({credentials.authorities, credentials.private_key, credentials.certificate});
}

using InterceptorFactories =
    std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>;

InterceptorFactories Interceptors(const Credentials& credentials) {
  InterceptorFactories factories;
  if (!credentials.token.empty())
    factories.push_back(std::make_unique<BearerTokenFactory>(credentials.token));
  return factories;
}

absl::StatusOr<std::string> ReadText(const std::string& path, const char* what) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read the ", what, " ", path));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat("the ", what, " ", path, " is empty"));
  return text;
}

}  // namespace

absl::StatusOr<Credentials> LoadCredentials(const CredentialFiles& files, const std::string& server) {
  Credentials credentials;
  credentials.server_name = files.server_name;
  credentials.tls = files.tls || !files.authorities.empty() || !files.certificate.empty();
  if (files.certificate.empty() != files.private_key.empty()) {
    return absl::InvalidArgumentError("a client certificate and its key go together: give both or neither");
  }
  absl::StatusOr<std::string> authorities = ReadText(files.authorities, "file of authorities");
  if (!authorities.ok()) return authorities.status();
  absl::StatusOr<std::string> certificate = ReadText(files.certificate, "client certificate");
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> private_key = ReadText(files.private_key, "client key");
  if (!private_key.ok()) return private_key.status();
  absl::StatusOr<std::string> token = ReadText(files.token_file, "token file");
  if (!token.ok()) return token.status();
  credentials.authorities = *std::move(authorities);
  credentials.certificate = *std::move(certificate);
  credentials.private_key = *std::move(private_key);
  credentials.token =
      std::string(absl::StripAsciiWhitespace(files.token_file.empty() ? files.token : *token));
  if (!IsToken(credentials.token)) {
    return absl::InvalidArgumentError(
        "a token has neither blanks nor line ends: the token file must hold the token alone, not all that "
        "`timbre token` printed");
  }
  if (!credentials.token.empty() && !credentials.tls && !IsLocal(server)) {
    return absl::InvalidArgumentError(absl::StrCat("the token would travel to ", server,
                                                   " in the clear; use TLS (--tls, or --tls-ca FILE)"));
  }
  return credentials;
}

std::string ServerAddress(const std::string& flag) {
  if (!flag.empty()) return flag;
  const char* from_environment = std::getenv("TIMBRE_SERVER");
  if (from_environment != nullptr && *from_environment != '\0') return from_environment;
  return "127.0.0.1:50051";
}

absl::Status CheckAddress(const std::string& server) {
  const std::string port = server.substr(server.find_last_of(":]/") + 1);
  const bool numbered =
      server.find(':') != std::string::npos && !port.empty() &&
      std::all_of(port.begin(), port.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  int number = 0;
  const bool in_range = absl::SimpleAtoi(port, &number) && number >= 1 && number <= 65535;
  if (absl::StartsWith(server, "unix")) return absl::OkStatus();
  if (absl::StartsWith(server, "http") && absl::StrContains(server, "://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("the server is host:port, not a URL; got '", server, "'; --tls asks for encryption"));
  }
  if (!numbered || in_range) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the server must be host:port with a port in [1, 65535], got '", server, "'"));
}

Connection Connect(const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  // Servers that set nothing else refuse pings that come more often than every five minutes.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 330'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  if (options.separate) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // gRPC would send even loopback traffic through http_proxy.
  if (IsLocal(options.server)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  Connection connection;
  if (!options.credentials.server_name.empty()) {
    arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, options.credentials.server_name);
  }
  connection.channel = grpc::experimental::CreateCustomChannelWithInterceptors(
      options.server, ChannelCredentials(options.credentials), arguments, Interceptors(options.credentials));
  connection.server = options.server;
  connection.timeout = options.timeout;
  connection.traceparent = options.traceparent;
  return connection;
}

}  // namespace timbre::client
