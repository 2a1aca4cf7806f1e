#include "core/weights/sample_cnn_layout.h"

#include "absl/strings/str_cat.h"

namespace timbre::weights {

std::map<std::string, std::vector<int64_t>> SampleCnnShapes() {
  constexpr int64_t kChannels[kSampleCnnBlocks + 1] = {1,   128, 128, 128, 256, 256,
                                                       256, 256, 256, 256, 512, kSampleCnnDim};
  std::map<std::string, std::vector<int64_t>> shapes;
  for (int block = 1; block <= kSampleCnnBlocks; ++block) {
    const int64_t in = kChannels[block - 1], out = kChannels[block];
    const std::string prefix = absl::StrCat("conv", block, ".");
    shapes[prefix + "0.weight"] = {out, in, block == kSampleCnnBlocks ? 1 : 3};
    for (const char* vector : {"0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"}) {
      shapes[prefix + vector] = {out};
    }
  }
  return shapes;
}

}  // namespace timbre::weights
