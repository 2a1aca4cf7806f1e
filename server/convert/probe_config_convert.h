#pragma once

#include <string>

#include "core/probe/linear_probe.h"
#include "server/convert/field_errors.h"
#include "timbre/v1/probe_config.pb.h"

namespace timbre::convert {

// As TrainingConfigFromProto, for a probe's.
probe::ProbeConfig ProbeConfigFromProto(const v1::ProbeConfig& proto, const std::string& prefix,
                                        FieldErrors& errors);

}  // namespace timbre::convert
