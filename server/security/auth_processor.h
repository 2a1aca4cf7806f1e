#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <string>
#include <vector>

#include "server/security/authenticator.h"
#include "server/security/observer.h"

namespace timbre::security {

// Refuses every call that its caller may not make, before any handler, interceptor or service of gRPC's own
// (health, reflection, channelz) sees it. Threads: safe. Lifetime: both outlive the server.
class AuthProcessor final : public grpc::AuthMetadataProcessor {
 public:
  AuthProcessor(const Authenticator& authenticator, Observer& observer)
      : authenticator_(authenticator), observer_(observer) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  const Authenticator& authenticator_;
  Observer& observer_;
};

// The names of the connection's verified client certificate: its subjectAltName; the common name where there
// is none.
std::vector<std::string> CertificateNames(const grpc::AuthContext& context);

}  // namespace timbre::security
