#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/model/encoder_module.h"
#include "core/model/sample_cnn.h"
#include "core/model/seeding.h"
#include "core/model/torch_guard.h"

namespace timbre::model {
namespace {

struct Architecture {
  const char* name;
  int64_t channel_divisor;
};
constexpr Architecture kArchitectures[] = {{"sample_cnn", 1}, {"sample_cnn_tiny", 8}};
constexpr int64_t kSampleCnnDim = 512;

absl::StatusOr<Architecture> Find(const std::string& name) {
  for (const Architecture& known : kArchitectures) {
    if (name == known.name) return known;
  }
  return absl::InvalidArgumentError(absl::StrCat("architecture \"", name, "\" is unknown; known: ",
                                                 absl::StrJoin(KnownArchitectures(), ", ")));
}

}  // namespace

std::vector<std::string> KnownArchitectures() {
  std::vector<std::string> names;
  for (const Architecture& known : kArchitectures) names.emplace_back(known.name);
  return names;
}

absl::StatusOr<int64_t> EmbeddingDim(const std::string& architecture) {
  TIMBRE_ASSIGN_OR_RETURN(const Architecture found, Find(architecture));
  return kSampleCnnDim / found.channel_divisor;
}

absl::StatusOr<std::shared_ptr<EncoderModule>> MakeEncoder(const EncoderOptions& options) {
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("dropout is ", options.dropout, "; it must be in [0, 1)"));
  }
  TIMBRE_ASSIGN_OR_RETURN(const Architecture architecture, Find(options.architecture));
  std::shared_ptr<EncoderModule> encoder;
  TIMBRE_RETURN_IF_ERROR(TorchGuard("making an encoder", [&] {
    encoder = std::make_shared<SampleCnn>(options.dropout, architecture.channel_divisor);
    DrawWeights(options.seed, *encoder, options.initialization);
    return absl::OkStatus();
  }));
  return encoder;
}

}  // namespace timbre::model
