#pragma once

#include <string>

#include "core/loss/objective_config.h"
#include "server/convert/field_errors.h"
#include "timbre/v1/objective_config.pb.h"

namespace timbre::convert {

// The objective from the wire: defaults filled in (NT-Xent if none is set), every range checked. What is
// wrong goes into `errors` under `prefix` ("...training_config.objective").
loss::ObjectiveConfig ObjectiveFromProto(const v1::ObjectiveConfig& proto, const std::string& prefix,
                                         FieldErrors& errors);

// With every default written out.
v1::ObjectiveConfig ObjectiveToProto(const loss::ObjectiveConfig& config);

}  // namespace timbre::convert
