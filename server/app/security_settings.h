#pragma once

#include "server/app/settings.h"
#include "server/convert/field_errors.h"
#include "timbre/config/v1/server_config.pb.h"

namespace timbre::app {

// The parts of the configuration about who may come in and how much they may take. What is wrong goes to
// `errors`.
void TakeSecurity(const config::v1::SecurityConfig& proto, Settings& settings, convert::FieldErrors& errors);
void TakeQuota(const config::v1::QuotaConfig& proto, Settings& settings, convert::FieldErrors& errors);

// Refuses to listen where others can reach a server that encrypts nothing or asks nobody who they are, unless
// the configuration says so. Wants all other settings taken.
void CheckExposure(const Settings& settings, convert::FieldErrors& errors);

}  // namespace timbre::app
