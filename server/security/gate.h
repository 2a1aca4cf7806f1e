#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "server/security/authenticator.h"
#include "server/security/quotas.h"

namespace timbre::security {

// Who calls, as handlers are told.
struct Caller {
  std::string client;   // for fairness and logs
  std::string account;  // for quotas and as owner of jobs: of the anonymous their address, whatever they call
                        // themselves
  RoleSet roles;
};

// What of this room the calls meet once they are let in. Threads: safe. Lifetime: quotas and authenticator
// outlive it.
class Gate {
 public:
  // `authenticator`: null where nobody is asked.
  Gate(const Authenticator* authenticator, Quotas& quotas) : authenticator_(authenticator), quotas_(quotas) {}

  Caller CallerOf(const grpc::CallbackServerContext& context) const;
  Quotas& quotas() const { return quotas_; }

 private:
  const Authenticator* const authenticator_;
  Quotas& quotas_;
};

// A value of the call's metadata; empty where there is none. Of several the first.
std::string MetadataOf(const grpc::CallbackServerContext& context, const std::string& key);

}  // namespace timbre::security
