#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/model/encoder_module.h"
#include "core/model/sample_cnn.h"
#include "core/model/seeding.h"
#include "core/model/torch_guard.h"

namespace timbre::model {

std::vector<std::string> KnownArchitectures() { return {"sample_cnn"}; }

absl::StatusOr<std::shared_ptr<EncoderModule>> MakeEncoder(const EncoderOptions& options) {
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("dropout is ", options.dropout, "; it must be in [0, 1)"));
  }
  if (options.architecture != "sample_cnn") {
    return absl::InvalidArgumentError(
        absl::StrCat("architecture \"", options.architecture,
                     "\" is unknown; known: ", absl::StrJoin(KnownArchitectures(), ", ")));
  }
  std::shared_ptr<EncoderModule> encoder;
  const absl::Status made = TorchGuard("making an encoder", [&] {
    encoder = std::make_shared<SampleCnn>(options.dropout);
    DrawWeights(options.seed, *encoder);
    return absl::OkStatus();
  });
  if (!made.ok()) return made;
  return encoder;
}

}  // namespace timbre::model
