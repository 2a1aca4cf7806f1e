#pragma once

#include "absl/status/status.h"
#include "core/audio/decoder.h"
#include "timbre/v1/dataset_service.pb.h"

namespace timbre::services {

// One augmented window of the request's clip: what a training would hear of it. Errors: kInvalidArgument
// audio or chain.
absl::Status Preview(const v1::PreviewAugmentationRequest& request, const audio::DecodeLimits& limits,
                     v1::PreviewAugmentationResponse* response);

}  // namespace timbre::services
