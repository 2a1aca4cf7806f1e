#pragma once

#include <string>

#include "absl/status/status.h"

namespace timbre::registry {

// Ids of models, taggers, labels and data sets: [a-z][a-z0-9-]{0,62}. They become names of folders and files,
// so nothing else gets through. Errors: kInvalidArgument names `what` ("model", ...) and the form.
absl::Status CheckId(const std::string& what, const std::string& id);

}  // namespace timbre::registry
