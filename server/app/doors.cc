#include "server/app/doors.h"

#include <utility>

#include "core/base/status_macros.h"

namespace timbre::app {

absl::StatusOr<Doors> MakeDoors(const Settings& settings, metrics::SecurityMetrics& metrics) {
  Doors doors;
  doors.observer = std::make_unique<observe::SecurityObserver>(metrics);
  if (settings.asks_who_calls()) {
    doors.authenticator = std::make_unique<security::Authenticator>(
        security::Authenticator::Options{.has_tokens = !settings.tokens_file.empty(),
                                         .certificate_clients = settings.certificate_clients,
                                         .anonymous = settings.anonymous_roles});
  }
  security::Quotas::Options quotas = settings.quotas;
  quotas.observer = doors.observer.get();
  doors.quotas = std::make_unique<security::Quotas>(std::move(quotas));
  doors.gate = std::make_unique<security::Gate>(
      security::Gate::Options{.authenticator = doors.authenticator.get(), .observer = doors.observer.get()},
      *doors.quotas);
  TIMBRE_ASSIGN_OR_RETURN(doors.credentials,
                          security::PortCredentials::Create({.tls = settings.tls,
                                                             .tokens_file = settings.tokens_file,
                                                             .authenticator = doors.authenticator.get(),
                                                             .observer = doors.observer.get()}));
  return doors;
}

}  // namespace timbre::app
