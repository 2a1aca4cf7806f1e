#include "core/loss/objective_config.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace timbre::loss {
namespace {

using Fields = std::vector<ObjectiveField>;

ObjectiveField Positive(std::string_view name, double value, double high) {
  return {.name = name, .value = value, .high = high, .low_excluded = true};
}

ObjectiveField Weight(std::string_view name, double value) {
  return {.name = name, .value = value, .high = 1e6};
}

ObjectiveField Temperature(double value) { return Positive("temperature", value, 100); }

ObjectiveField Mask(bool value) { return {.name = "mask_same_track", .value = value ? 1.0 : 0.0, .high = 1}; }

ObjectiveField HiddenDim(int64_t value) {
  return {.name = "predictor_hidden_dim", .value = static_cast<double>(value), .low = 1, .high = 65536};
}

Fields FieldsOf(const NtXentConfig& c) { return {Temperature(c.temperature), Mask(c.mask_same_track)}; }
Fields FieldsOf(const DclConfig& c) { return {Temperature(c.temperature), Mask(c.mask_same_track)}; }
Fields FieldsOf(const DclwConfig& c) {
  return {Temperature(c.temperature), Positive("sigma", c.sigma, 100), Mask(c.mask_same_track)};
}
Fields FieldsOf(const VicRegConfig& c) {
  return {Weight("invariance_weight", c.invariance_weight), Weight("variance_weight", c.variance_weight),
          Weight("covariance_weight", c.covariance_weight)};
}
Fields FieldsOf(const BarlowTwinsConfig& c) { return {Weight("redundancy_weight", c.redundancy_weight)}; }
Fields FieldsOf(const ByolConfig& c) {
  return {HiddenDim(c.predictor_hidden_dim), {.name = "ema_base", .value = c.ema_base, .high = 1}};
}
Fields FieldsOf(const SimSiamConfig& c) { return {HiddenDim(c.predictor_hidden_dim)}; }
Fields FieldsOf(const AlignUniformConfig& c) {
  return {{.name = "alignment_power", .value = c.alignment_power, .low = 1, .high = 8},
          Positive("uniformity_scale", c.uniformity_scale, 100),
          Weight("uniformity_weight", c.uniformity_weight)};
}
Fields FieldsOf(const PolyViewConfig& c) {
  const auto last = static_cast<double>(PolyViewMethod::kSufficientStatistics);
  return {{.name = "method", .value = static_cast<double>(c.method), .high = last},
          Temperature(c.temperature),
          Mask(c.mask_same_track)};
}
Fields FieldsOf(const MseConfig&) { return {}; }

template <size_t... kIndex>
std::vector<ObjectiveConfig> AllAlternatives(std::index_sequence<kIndex...>) {
  return {ObjectiveConfig(std::in_place_index<kIndex>)...};
}

}  // namespace

std::string_view ObjectiveName(const ObjectiveConfig& config) {
  return std::visit([](const auto& objective) { return objective.kName; }, config);
}

ViewRange SupportedViews(const ObjectiveConfig& config) {
  return std::visit([](const auto& objective) { return objective.kViews; }, config);
}

std::vector<ObjectiveConfig> DefaultObjectives() {
  return AllAlternatives(std::make_index_sequence<std::variant_size_v<ObjectiveConfig>>());
}

std::vector<ObjectiveField> ObjectiveFields(const ObjectiveConfig& config) {
  return std::visit([](const auto& objective) { return FieldsOf(objective); }, config);
}

absl::Status CheckObjective(const ObjectiveConfig& config) {
  for (const ObjectiveField& field : ObjectiveFields(config)) {
    const bool above_low = field.low_excluded ? field.value > field.low : field.value >= field.low;
    if (above_low && field.value <= field.high) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(ObjectiveName(config)), ".", std::string(field.name), " is ", field.value,
                     "; it must be in ", field.low_excluded ? "(" : "[", field.low, ", ", field.high, "]"));
  }
  return absl::OkStatus();
}

}  // namespace timbre::loss
