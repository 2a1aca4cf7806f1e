#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/weights/tensor_file.h"

namespace timbre::weights {

// The copies of one part (encoder or projector) in a file: by what stands before its own names, such as
// "model.encoder.sequential.", a map from Timbre's name of a tensor to the file's key.
using Copies = std::map<std::string, std::map<std::string, std::string>>;

// A file's keys, sorted by what they mean.
struct SortedKeys {
  Copies encoders;
  Copies projectors;
  std::vector<std::string> heads;    // fc, probe, model.N: not part of a version
  std::vector<std::string> unknown;  // all else
};

SortedKeys SortKeys(const TensorMap& file);

// The file's key of one of Timbre's names, whether or not the file has it: "model.encoder.sequential." and
// "conv4.0.bias" -> "model.encoder.sequential.3.0.bias".
std::string KeyOf(const std::string& copy, const std::string& name);

}  // namespace timbre::weights
