#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/augment/effect.h"
#include "core/train/training_config.h"
#include "server/convert/field_errors.h"
#include "timbre/v1/runtime_config.pb.h"
#include "timbre/v1/training_config.pb.h"

namespace timbre::convert {

// Configs from the wire: defaults filled in, every range checked. What is wrong goes into `errors` under
// `prefix` ("job.ssl_training.training_config").
train::TrainingConfig TrainingConfigFromProto(const v1::TrainingConfig& proto, const std::string& prefix,
                                              FieldErrors& errors);
train::RuntimeConfig RuntimeConfigFromProto(const v1::RuntimeConfig& proto, const std::string& prefix,
                                            FieldErrors& errors);
train::OptimizerConfig OptimizerFromProto(const v1::OptimizerConfig& proto, const std::string& prefix,
                                          FieldErrors& errors);
augment::ChainConfig ChainFromProto(const v1::AugmentationChain& proto, const std::string& prefix,
                                    FieldErrors& errors);

// The config with every default written out, as text: for model cards and people.
std::string TrainingConfigText(const train::TrainingConfig& config);
v1::TrainingConfig TrainingConfigToProto(const train::TrainingConfig& config);
v1::OptimizerConfig OptimizerToProto(const train::OptimizerConfig& config);
v1::AugmentationChain ChainToProto(const augment::ChainConfig& chain);

}  // namespace timbre::convert
