#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "core/audio/decoder.h"
#include "timbre/v1/dataset_service.pb.h"

namespace timbre::services {

// One augmented window of the request's clip: what a training would hear of it. `charge` is told how many
// windows were decoded and may refuse. Errors: kInvalidArgument audio or chain · as `charge`.
absl::Status Preview(const v1::PreviewAugmentationRequest& request, const audio::DecodeLimits& limits,
                     const std::function<absl::Status(int64_t windows)>& charge,
                     v1::PreviewAugmentationResponse* response);

}  // namespace timbre::services
