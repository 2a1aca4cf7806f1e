#pragma once

#include <timbre/v1/probe_config.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::cli {

// What `timbre probe` may set of a ProbeConfig; what is unset is left to the file, and then to the server's
// defaults.
struct ProbeOptions {
  // A textproto file of a ProbeConfig; empty: none.
  std::string config_path = {};
  // linear or mlp.
  std::optional<std::string> head = {};
  std::optional<int32_t> hidden_units = {};
  std::optional<double> dropout = {};
  // adam or lbfgs.
  std::optional<std::string> optimizer = {};
  std::optional<double> l2_strength = {};
  // auto, raw, l2 or standardized.
  std::optional<std::string> features = {};
  // "encoder", "projector.1", ...
  std::optional<std::string> embedding_layer = {};
  std::vector<double> label_fractions = {};
  std::optional<int32_t> max_epochs = {};
  std::optional<uint64_t> seed = {};
};

// The file, with the options on top. --hidden-units and --dropout make the head an MLP.
// Errors: kNotFound no such file · kInvalidArgument a text that is no ProbeConfig, with file, line and
// column; options of an MLP with --head linear.
absl::StatusOr<v1::ProbeConfig> MakeProbeConfig(const ProbeOptions& options);

}  // namespace timbre::cli
