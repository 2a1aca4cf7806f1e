#pragma once

#include "core/pipeline/probe_run.h"
#include "timbre/v1/probe_result.pb.h"

namespace timbre::convert {

// What a probe found, without the tagger's name. The map is cut where its points take more than 512 KiB, so
// that a job's row stays small.
v1::LinearProbeResult FindingsToProto(const pipeline::ProbeFindings& findings);

}  // namespace timbre::convert
