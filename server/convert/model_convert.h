#pragma once

#include "core/registry/model_store.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::convert {

v1::Model ModelToProto(const registry::Model& model);
v1::ModelVersion VersionToProto(const registry::Version& version);
v1::ModelInfo ModelInfoToProto(const registry::Version& version);

}  // namespace timbre::convert
