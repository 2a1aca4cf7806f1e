#pragma once

// What a probe found, as text.

#include <timbre/v1/probe_result.pb.h>

#include <string>

namespace timbre::cli {

// Three tables: the means of the trained encoder beside the baselines', with their confidence intervals; the
// tags, those marked that are not part of the means; and the label fractions, if there are any.
std::string ProbeText(const v1::LinearProbeResult& result);

}  // namespace timbre::cli
