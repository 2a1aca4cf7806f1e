#pragma once

#include <timbre/v1/dataset_service.pb.h>
#include <timbre/v1/training_config.pb.h>

#include <string>

namespace timbre::cli {

// A preset's batch may be larger than a data set of one's own. Lowers it to what the data set has, and
// returns what to tell the user about it; empty where nothing had to change, or where even two are not there.
std::string FitBatch(const v1::Dataset& dataset, v1::TrainingConfig& config);

}  // namespace timbre::cli
