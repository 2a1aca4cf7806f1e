#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/security/authenticator.h"
#include "server/security/memory_file.h"
#include "server/security/observer.h"
#include "server/security/tls_files.h"
#include "server/security/watched_files.h"

namespace timbre::security {

// What the port is made with: TLS or not, asked who they are or not. It follows its files: new connections
// get a new certificate and new calls meet new tokens within two seconds, open streams stay. A file that
// changed to something unusable changes nothing: the log and Observer::OnReload say so, and the old one
// serves on. Threads: one of its own. Lifetime: outlives the server; authenticator and observer outlive it.
class PortCredentials {
 public:
  struct Options {
    std::optional<TlsFiles> tls = {};
    std::filesystem::path tokens_file = {};  // empty: none
    Authenticator* authenticator = nullptr;  // gets the tokens; may be null without any
    Observer* observer = nullptr;
    const base::Clock* clock = &base::Clock::System();
    absl::Duration interval = absl::Seconds(1);
  };
  // Errors: as ReadKeyPair, ReadAuthorities and TokenTable::Parse, with the file.
  static absl::StatusOr<std::unique_ptr<PortCredentials>> Create(const Options& options);

  const std::shared_ptr<grpc::ServerCredentials>& grpc() const { return credentials_; }

 private:
  explicit PortCredentials(const Options& options) : options_(options) {}
  absl::Status Begin();
  absl::Status LoadTokens() const;
  absl::Status MakeTls();
  absl::Status ReloadTls();
  bool Reload();

  const Options options_;
  std::optional<MemoryFile> key_pair_;
  std::optional<MemoryFile> authorities_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<WatchedFiles> watch_;
};

}  // namespace timbre::security
