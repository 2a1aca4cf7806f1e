#pragma once

#include <string>

#include "core/probe/probe_config.h"
#include "server/convert/field_errors.h"
#include "timbre/v1/probe_config.pb.h"

namespace timbre::convert {

// As TrainingConfigFromProto, for a probe's.
probe::ProbeConfig ProbeConfigFromProto(const v1::ProbeConfig& proto, const std::string& prefix,
                                        FieldErrors& errors);

// The config with every default written out.
v1::ProbeConfig ProbeConfigToProto(const probe::ProbeConfig& config);

}  // namespace timbre::convert
