#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "core/weights/checkpoint.h"
#include "core/weights/model_card.h"

namespace timbre::weights {

// What an export says, in the file's `__metadata__`, of how its tensors are served: the embedding layer and
// the normalisation (timbre.embedding_layer, timbre.normalization), and the space that this makes
// (timbre.embedding_space_id). "format" is what Python's libraries look for.
std::map<std::string, std::string> ServedFormToMetadata(const ModelCard& card);

// Takes it back from a file: sets embedding_layer, normalization and embedding_dim of `card`; what the file
// does not say stays as it is. The checkpoint gets a note where another layer than the encoder's was taken,
// and where the file speaks of another space than its tensors make. Errors: kInvalidArgument names the entry:
// a layer that the checkpoint does not have, a normalisation that is not served.
absl::Status TakeServedForm(const std::map<std::string, std::string>& metadata, Checkpoint& checkpoint,
                            ModelCard& card);

}  // namespace timbre::weights
