#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/security/authenticator.h"
#include "server/security/observer.h"
#include "server/security/quotas.h"

namespace timbre::security {

// Who calls, as handlers are told.
struct Caller {
  std::string client;   // for fairness and logs
  std::string account;  // for quotas and as owner of jobs: of the anonymous their address, whatever they call
                        // themselves
  RoleSet roles;
};

// Every call passes it before anything is done for it: who calls, whether the caller may, how much it may
// take. Threads: safe. Lifetime: what it is made of outlives it.
class Gate {
 public:
  struct Options {
    const Authenticator* authenticator = nullptr;  // null: nobody is asked, and everybody may do everything
    Observer* observer = nullptr;                  // may be null
  };
  Gate(const Options& options, Quotas& quotas) : options_(options), quotas_(quotas) {}

  // Without a role where nobody can be made out. Where callers are known, the name that an anonymous one
  // gives itself (metadata `timbre-client`) counts for nothing.
  Caller CallerOf(const grpc::ServerContextBase& context) const;

  // The caller, and whether it may call the method at `path`, "/package.Service/Method": kUnauthenticated,
  // kPermissionDenied.
  struct Entry {
    Caller caller;
    absl::Status allowed;
  };
  Entry Enter(const grpc::ServerContextBase& context, std::string_view path) const;

  Quotas& quotas() const { return quotas_; }

 private:
  absl::StatusOr<Identity> IdentityOf(const grpc::ServerContextBase& context) const;
  absl::Status Judge(const absl::StatusOr<Identity>& identity, std::string_view path) const;
  Caller CallerFrom(const absl::StatusOr<Identity>& found, const grpc::ServerContextBase& context) const;

  const Options options_;
  Quotas& quotas_;
};

// What may stand in logs, answers and errors: cut to 128 characters, others than printable ones as '?'.
std::string Printable(std::string text);

// A value of the call's metadata; empty where there is none. Of several the first.
std::string MetadataOf(const grpc::ServerContextBase& context, const std::string& key);

// The names of the connection's verified client certificate, each with its type: "uri:spiffe://x/y",
// "dns:host", "email:who@where" of its subjectAltName, and "cn:name" of its subject.
std::vector<std::string> CertificateNames(const grpc::AuthContext& context);

// "ipv4:127.0.0.1:4711" -> "ipv4:127.0.0.1"; of IPv6 the /64, which one host may have for itself.
std::string AddressOf(const std::string& peer);

}  // namespace timbre::security
