#include "client/cli/probe_options.h"

#include "client/cli/textproto.h"
#include "client/folder.h"

namespace timbre::cli {
namespace {

absl::Status SetHead(const ProbeOptions& options, v1::ProbeConfig& config) {
  const bool of_mlp = options.hidden_units || options.dropout;
  if (options.head == "linear") {
    if (of_mlp) return absl::InvalidArgumentError("--hidden-units and --dropout need --head mlp");
    config.mutable_linear();
  }
  if (options.head == "mlp" || of_mlp) config.mutable_mlp();
  if (options.hidden_units) config.mutable_mlp()->set_hidden_unit_count(*options.hidden_units);
  if (options.dropout) config.mutable_mlp()->set_dropout(*options.dropout);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ProbeConfig> MakeProbeConfig(const ProbeOptions& options) {
  v1::ProbeConfig config;
  if (!options.config_path.empty()) {
    const auto text = client::ReadFile(options.config_path);
    if (!text.ok()) return text.status();
    const absl::Status parsed =
        ParseTextproto(*text, options.config_path, "a ProbeConfig is wanted: see probe_config.proto", config);
    if (!parsed.ok()) return parsed;
  }
  const absl::Status head = SetHead(options, config);
  if (!head.ok()) return head;
  if (options.optimizer == "adam") config.set_optimizer(v1::PROBE_OPTIMIZER_ADAM);
  if (options.optimizer == "lbfgs") config.set_optimizer(v1::PROBE_OPTIMIZER_LBFGS);
  if (options.l2_strength) config.set_l2_strength(*options.l2_strength);
  if (options.features == "auto") config.set_features(v1::PROBE_FEATURES_AUTO);
  if (options.features == "raw") config.set_features(v1::PROBE_FEATURES_RAW);
  if (options.features == "l2") config.set_features(v1::PROBE_FEATURES_L2_NORMALIZED);
  if (options.features == "standardized") config.set_features(v1::PROBE_FEATURES_STANDARDIZED);
  if (!options.label_fractions.empty()) {
    config.mutable_label_fractions()->Assign(options.label_fractions.begin(), options.label_fractions.end());
  }
  if (options.embedding_layer) config.set_embedding_layer(*options.embedding_layer);
  if (options.max_epochs) config.set_max_epochs(*options.max_epochs);
  if (options.seed) config.set_seed(*options.seed);
  return config;
}

}  // namespace timbre::cli
