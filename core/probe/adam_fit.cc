#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/probe/head_module.h"
#include "core/probe/shuffle.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kBatchStream = 2;
constexpr uint64_t kDropoutStream = 5;

// Copies rows by hand: index_select would fork OpenMP threads for each batch, and on a busy machine waiting
// for them takes ten times as long as all the rest. What else a step does is too small for LibTorch to share
// out.
void CopyRows(const torch::Tensor& source, std::span<const int64_t> rows, torch::Tensor& out) {
  const auto columns = static_cast<size_t>(source.size(1));
  const float* from = source.data_ptr<float>();
  float* to = out.data_ptr<float>();
  for (const int64_t row : rows) {
    const float* begin = from + static_cast<size_t>(row) * columns;
    to = std::copy(begin, begin + columns, to);
  }
}

class AdamFitter {
 public:
  AdamFitter(const HeadFitInput& input, const ProbeConfig& config)
      : config_(config),
        fit_(input.fit, input, torch::kFloat32),
        head_(config, input.dim, input.tags, torch::kFloat32),
        optimizer_(head_.parameters(), torch::optim::AdamOptions(config.learning_rate)),
        order_(static_cast<size_t>(fit_.x().size(0))) {}

  void Epoch(int64_t epoch) {
    std::iota(order_.begin(), order_.end(), int64_t{0});
    base::Random order({config_.seed, kBatchStream, static_cast<uint64_t>(epoch)});
    base::Random dropout({config_.seed, kDropoutStream, static_cast<uint64_t>(epoch)});
    Shuffle(order_, order);
    for (std::span<const int64_t> rest = order_; !rest.empty();) {
      const auto rows = rest.first(std::min(rest.size(), static_cast<size_t>(config_.batch_size)));
      rest = rest.subspan(rows.size());
      Step(rows, dropout);
    }
  }

  const HeadModule& head() const { return head_; }

 private:
  void Step(std::span<const int64_t> rows, base::Random& dropout) {
    const auto count = static_cast<int64_t>(rows.size());
    torch::Tensor x = torch::empty({count, fit_.x().size(1)});
    torch::Tensor y = torch::empty({count, fit_.y().size(1)});
    CopyRows(fit_.x(), rows, x);
    CopyRows(fit_.y(), rows, y);
    optimizer_.zero_grad();
    torch::Tensor loss = torch::binary_cross_entropy_with_logits(head_.Logits(x, Mask(count, dropout)), y);
    if (config_.l2_strength > 0) {
      loss = loss + config_.l2_strength / (2 * static_cast<double>(y.size(1))) * head_.SquaredWeights();
    }
    loss.backward();
    optimizer_.step();
  }

  // 0 with the probability of dropout, else what keeps the expectation; undefined without dropout.
  torch::Tensor Mask(int64_t count, base::Random& random) const {
    if (!config_.mlp.has_value() || config_.mlp->dropout == 0) return {};
    const double drop = config_.mlp->dropout;
    torch::Tensor mask = torch::empty({count, config_.mlp->hidden_units});
    const auto keep = static_cast<float>(1 / (1 - drop));
    float* values = mask.data_ptr<float>();
    for (int64_t i = 0; i < mask.numel(); ++i) values[i] = random.Bernoulli(drop) ? 0 : keep;
    return mask;
  }

  const ProbeConfig& config_;
  const ClipTensors fit_;
  HeadModule head_;
  torch::optim::Adam optimizer_;
  std::vector<int64_t> order_;
};

}  // namespace

absl::StatusOr<HeadFit> FitByAdam(const HeadFitInput& input, const ProbeConfig& config,
                                  const base::CancelToken& cancel,
                                  const std::function<void(int64_t)>& on_epoch) {
  AdamFitter fitter(input, config);
  const ClipTensors validation(input.validation, input, torch::kFloat32);
  HeadFit best;
  for (int64_t epoch = 1; epoch <= config.max_epochs; ++epoch) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    fitter.Epoch(epoch);
    const ValidationScore score = validation.Score(fitter.head());
    if (!std::isfinite(score.loss)) {
      return absl::InternalError("the probe's loss is not finite; try a smaller learning rate");
    }
    if (epoch == 1 || score.BetterThan(best.score)) best = {fitter.head().Export(), epoch, score};
    if (on_epoch) on_epoch(epoch);
    if (epoch - best.epochs >= config.patience_epochs) break;
  }
  return best;
}

}  // namespace timbre::probe
