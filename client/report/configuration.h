#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace timbre::report {

// All that is set in a message as rows of a table, [["optimizer.adam.beta1", "0.9"], ...], in the order of
// the proto's fields; of a repeated message's elements "effects[0].gain.probability". A message without
// fields of its own, which says something by being there, is a row without a value.
nlohmann::json ConfigurationRows(const google::protobuf::Message& message);

}  // namespace timbre::report
