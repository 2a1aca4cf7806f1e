#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace timbre::cli {

// A TrainingConfig of deploy/presets, carried in the binary.
struct Preset {
  absl::string_view name;
  // A textproto.
  absl::string_view text;
};

// All of them, by name. The source is made by CMake of deploy/presets/*.textproto.
const std::vector<Preset>& Presets();

// Their names, for help texts and checks.
std::vector<std::string> PresetNames();

}  // namespace timbre::cli
