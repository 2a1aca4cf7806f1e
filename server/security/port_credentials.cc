#include "server/security/port_credentials.h"

#include <grpcpp/security/tls_credentials_options.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "server/security/certificate.h"

namespace timbre::security {
namespace {

// How often gRPC looks at the staged files.
constexpr unsigned kGrpcRefreshSeconds = 1;

// Key and chain in one file, so that one stroke changes both; readers of PEM skip what they do not look for.
std::string OneFile(const KeyPair& pair) {
  return absl::StrCat(pair.private_key, "\n", pair.certificate_chain);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PortCredentials>> PortCredentials::Create(const Options& options) {
  std::unique_ptr<PortCredentials> made(new PortCredentials(options));
  TIMBRE_RETURN_IF_ERROR(made->Begin());
  return made;
}

absl::Status PortCredentials::Begin() {
  std::vector<std::filesystem::path> files;
  if (options_.tls.has_value()) {
    files = {options_.tls->certificate, options_.tls->private_key};
    if (!options_.tls->client_authorities.empty()) files.push_back(options_.tls->client_authorities);
  }
  if (!options_.tokens_file.empty()) files.push_back(options_.tokens_file);
  // The first look comes before the first read: a change in between is seen.
  auto watch = std::make_unique<WatchedFiles>(files, options_.interval, [this] { return Reload(); });
  if (options_.tls.has_value()) {
    TIMBRE_RETURN_IF_ERROR(MakeTls());
  } else {
    credentials_ = grpc::InsecureServerCredentials();
  }
  if (!options_.tokens_file.empty()) TIMBRE_RETURN_IF_ERROR(LoadTokens());
  watch_ = std::move(watch);
  if (!files.empty()) watch_->Begin();
  return absl::OkStatus();
}

absl::Status PortCredentials::LoadTokens() const {
  TIMBRE_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(options_.tokens_file));
  absl::StatusOr<TokenTable> table = TokenTable::Parse(text);
  if (!table.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options_.tokens_file.string(), ": ", table.status().message()));
  }
  options_.authenticator->SetTokens(*std::move(table));
  return absl::OkStatus();
}

absl::Status PortCredentials::MakeTls() {
  const TlsFiles& files = *options_.tls;
  TIMBRE_ASSIGN_OR_RETURN(const KeyPair pair,
                          ReadKeyPair(files.certificate, files.private_key, options_.clock->Now()));
  TIMBRE_ASSIGN_OR_RETURN(key_pair_, MemoryFile::Create(OneFile(pair)));
  const bool ask = !files.client_authorities.empty();
  if (ask) {
    TIMBRE_ASSIGN_OR_RETURN(const std::string authorities, ReadAuthorities(files.client_authorities));
    TIMBRE_ASSIGN_OR_RETURN(authorities_, MemoryFile::Create(authorities));
  }
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          key_pair_->path(), key_pair_->path(), ask ? authorities_->path() : "", kGrpcRefreshSeconds));
  tls.watch_identity_key_cert_pairs();
  if (ask) tls.watch_root_certs();
  tls.set_cert_request_type(!ask ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                            : files.require_client_certificate
                                ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  credentials_ = grpc::experimental::TlsServerCredentials(tls);
  if (credentials_ == nullptr) return absl::InternalError("gRPC refuses the TLS options");
  options_.observer->OnCertificate(pair.expires);
  return absl::OkStatus();
}

absl::Status PortCredentials::ReloadTls() {
  const TlsFiles& files = *options_.tls;
  TIMBRE_ASSIGN_OR_RETURN(const KeyPair pair,
                          ReadKeyPair(files.certificate, files.private_key, options_.clock->Now()));
  std::string authorities;
  if (authorities_.has_value()) {
    TIMBRE_ASSIGN_OR_RETURN(authorities, ReadAuthorities(files.client_authorities));
    TIMBRE_RETURN_IF_ERROR(authorities_->Replace(authorities));
  }
  TIMBRE_RETURN_IF_ERROR(key_pair_->Replace(OneFile(pair)));
  options_.observer->OnCertificate(pair.expires);
  return absl::OkStatus();
}

bool PortCredentials::Reload() {
  bool all_well = true;
  const auto report = [&](const char* what, const absl::Status& status) {
    all_well = all_well && status.ok();
    if (status.ok()) {
      base::LogInfo("{} read again", what);
    } else {
      base::LogError("{} changed but cannot be used, the old ones serve on: {}", what,
                     std::string(status.message()));
    }
  };
  if (options_.tls.has_value()) report("TLS certificates", ReloadTls());
  if (!options_.tokens_file.empty()) report("tokens", LoadTokens());
  options_.observer->OnReload(all_well);
  return all_well;
}

}  // namespace timbre::security
