#include "server/security/auth_processor.h"

#include <grpc/grpc_security_constants.h>

#include "core/base/status_macros.h"

namespace timbre::security {
namespace {

using InputMetadata = grpc::AuthMetadataProcessor::InputMetadata;

std::string_view Find(const InputMetadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

absl::Status Check(const Authenticator& authenticator, const InputMetadata& metadata,
                   const grpc::AuthContext& context) {
  TIMBRE_ASSIGN_OR_RETURN(const Identity identity,
                          authenticator.Identify({.authorization = Find(metadata, "authorization"),
                                                  .certificate_names = CertificateNames(context)}));
  return Authorize(identity, Find(metadata, ":path"));
}

}  // namespace

std::vector<std::string> CertificateNames(const grpc::AuthContext& context) {
  std::vector<std::string> names;
  for (const char* property : {GRPC_X509_SAN_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    for (const grpc::string_ref& value : context.FindPropertyValues(property)) {
      names.emplace_back(value.data(), value.size());
    }
    if (!names.empty()) break;
  }
  return names;
}

grpc::Status AuthProcessor::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                    OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) {
  const absl::Status status = Check(authenticator_, metadata, *context);
  if (status.ok()) return grpc::Status::OK;
  observer_.OnRefused(status.code());
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace timbre::security
