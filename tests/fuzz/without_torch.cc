// What the services ask of LibTorch's rooms, for the fuzzers' build, which has none.
#include "core/base/atomic_file.h"
#include "core/model/architecture.h"
#include "core/model/device.h"
#include "core/model/torchscript.h"

namespace timbre::model {

std::vector<std::string> KnownArchitectures() { return {"sample_cnn", "sample_cnn_tiny"}; }

absl::StatusOr<int64_t> EmbeddingDim(const std::string& architecture) {
  if (architecture == "sample_cnn") return 512;
  if (architecture == "sample_cnn_tiny") return 64;
  return absl::InvalidArgumentError("no such architecture");
}

std::string Device::name() const { return "cpu"; }

absl::StatusOr<Device> ChooseDevice(const std::string& spec) {
  if (spec == "auto" || spec == "cpu") return Device{};
  return absl::InvalidArgumentError("no such device");
}

bool HasFastBf16(const Device&) { return false; }

absl::Status WriteTorchScript(const weights::TensorMap&, const std::filesystem::path& path) {
  return base::WriteFileAtomically(path, "torchscript");
}

}  // namespace timbre::model
