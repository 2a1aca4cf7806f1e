#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/metrics/exporter.h"
#include "server/app/settings.h"
#include "server/observe/security_observer.h"
#include "server/security/authenticator.h"
#include "server/security/gate.h"
#include "server/security/port_credentials.h"
#include "server/security/quotas.h"

namespace timbre::app {

// Who may come in and how much each may take, in the order in which they are made.
struct Doors {
  std::unique_ptr<observe::SecurityObserver> observer;
  std::unique_ptr<security::Authenticator> authenticator;  // null: nobody is asked
  std::unique_ptr<security::Quotas> quotas;
  std::unique_ptr<security::Gate> gate;
  std::unique_ptr<security::PortCredentials> credentials;
};

// Errors: as PortCredentials::Create.
absl::StatusOr<Doors> MakeDoors(const Settings& settings, metrics::SecurityMetrics& metrics);

}  // namespace timbre::app
