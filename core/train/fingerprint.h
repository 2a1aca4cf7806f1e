#pragma once

#include <string>

#include "core/train/training_config.h"

namespace timbre::train {

// sha256 (hex) over every field of a config that changes the weights: all but embedding_layer. A snapshot
// belongs to the config of its fingerprint and to no other.
std::string Fingerprint(const TrainingConfig& config);

}  // namespace timbre::train
