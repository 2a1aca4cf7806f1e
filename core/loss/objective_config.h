#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"

// Torch-free: what an objective is made of, for the service, the pipeline and the trainer.
namespace timbre::loss {

// How many views of a clip an objective can compare, both ends included.
struct ViewRange {
  int64_t min = 2, max = 2;
};
inline constexpr ViewRange kTwoViews{2, 2};

// In the contrastive objectives mask_same_track says that other clips of a clip's track are no negatives.

struct NtXentConfig {  // SimCLR, CLMR
  static constexpr std::string_view kName = "nt_xent";
  static constexpr ViewRange kViews = kTwoViews;
  double temperature = 0.5;
  bool mask_same_track = false;
};
struct DclConfig {
  static constexpr std::string_view kName = "dcl";
  static constexpr ViewRange kViews = kTwoViews;
  double temperature = 0.1;
  bool mask_same_track = false;
};
struct DclwConfig {
  static constexpr std::string_view kName = "dclw";
  static constexpr ViewRange kViews = kTwoViews;
  double temperature = 0.1;
  double sigma = 0.5;  // temperature of the weights of the positives
  bool mask_same_track = false;
};
struct VicRegConfig {
  static constexpr std::string_view kName = "vicreg";
  static constexpr ViewRange kViews = kTwoViews;
  double invariance_weight = 25, variance_weight = 25, covariance_weight = 1;
};
struct BarlowTwinsConfig {
  static constexpr std::string_view kName = "barlow_twins";
  static constexpr ViewRange kViews = kTwoViews;
  double redundancy_weight = 0.0051;
};
struct ByolConfig {
  static constexpr std::string_view kName = "byol";
  static constexpr ViewRange kViews = kTwoViews;
  int64_t predictor_hidden_dim = 4096;
  double ema_base = 0.996;  // the target's decay at the first step; a cosine takes it to 1
};
struct SimSiamConfig {
  static constexpr std::string_view kName = "simsiam";
  static constexpr ViewRange kViews = kTwoViews;
  int64_t predictor_hidden_dim = 512;
};
struct AlignUniformConfig {
  static constexpr std::string_view kName = "align_uniform";
  static constexpr ViewRange kViews = kTwoViews;
  double alignment_power = 2, uniformity_scale = 2, uniformity_weight = 1;
};
enum class PolyViewMethod { kGeometric, kArithmetic, kSufficientStatistics };
struct PolyViewConfig {
  static constexpr std::string_view kName = "poly_view";
  static constexpr ViewRange kViews{2, 32};
  PolyViewMethod method = PolyViewMethod::kGeometric;
  double temperature = 0.5;
  bool mask_same_track = false;
};
struct MseConfig {  // the negative control: nothing keeps it from collapsing
  static constexpr std::string_view kName = "mse";
  static constexpr ViewRange kViews = kTwoViews;
};

using ObjectiveConfig =
    std::variant<NtXentConfig, DclConfig, DclwConfig, VicRegConfig, BarlowTwinsConfig, ByolConfig,
                 SimSiamConfig, AlignUniformConfig, PolyViewConfig, MseConfig>;

// The name on the wire: "nt_xent".
std::string_view ObjectiveName(const ObjectiveConfig& config);

ViewRange SupportedViews(const ObjectiveConfig& config);

// Every objective there is, each with its defaults.
std::vector<ObjectiveConfig> DefaultObjectives();

// A parameter of an objective and its range: [low, high], or (low, high] if low_excluded.
struct ObjectiveField {
  std::string_view name;
  double value = 0, low = 0, high = 0;
  bool low_excluded = false;
};

// All parameters of an objective, whatever their type: what is checked, hashed and compared.
std::vector<ObjectiveField> ObjectiveFields(const ObjectiveConfig& config);

// Errors: kInvalidArgument a parameter outside its range, by name.
absl::Status CheckObjective(const ObjectiveConfig& config);

}  // namespace timbre::loss
