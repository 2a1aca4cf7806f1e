#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "core/weights/tensor_file.h"

namespace timbre::model {

// Writes an encoder as a TorchScript archive for programs that have PyTorch and nothing of Timbre:
// torch.jit.load(path)(windows), with windows [N, 1, 59049] float32 -> [N, 512], always in eval mode; windows
// of another length are refused. Its state_dict has the names of weights::SampleCnnShapes. Not durable: it is
// made to be sent. Errors: kInvalidArgument tensors that are not SampleCNN's · kInternal LibTorch, or the
// file cannot be written.
absl::Status WriteTorchScript(const weights::TensorMap& encoder, const std::filesystem::path& path);

}  // namespace timbre::model
