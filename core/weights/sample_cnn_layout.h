#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace timbre::weights {

inline constexpr int kSampleCnnBlocks = 11;
inline constexpr int64_t kSampleCnnDim = 512;  // of an embedding

// The shapes of SampleCNN's 66 tensors by Timbre's names, conv{1..11}.{0,1}.*: torch-free, so that a
// checkpoint is judged without building a network. The last block's kernel is 1.
std::map<std::string, std::vector<int64_t>> SampleCnnShapes();

// The one tensor whose kernel is 3 elsewhere.
inline constexpr char kLastKernel[] = "conv11.0.weight";

}  // namespace timbre::weights
