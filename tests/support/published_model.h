#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace timbre::testing {

// Puts a model with fresh, seeded weights and a tagger into a state directory, as a training and a probe
// would have, and promotes it to `stable`: a server that starts there can serve at once. The server must not
// run.
void PublishModel(const std::filesystem::path& state_dir, const std::string& model, uint64_t seed,
                  const std::vector<std::string>& tags);

}  // namespace timbre::testing
