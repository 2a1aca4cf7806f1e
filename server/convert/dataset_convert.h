#pragma once

#include "core/registry/dataset_store.h"
#include "timbre/v1/dataset_service.pb.h"

namespace timbre::convert {

// `with_skipped`: also the list of files left out.
v1::Dataset DatasetToProto(const registry::DatasetInfo& info, bool with_skipped);

}  // namespace timbre::convert
