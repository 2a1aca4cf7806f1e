#include "core/probe/head_fit.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/probe/metrics.h"
#include "core/probe/shuffle.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kBatchStream = 2;

torch::Tensor ToTensor(const std::vector<float>& values, int64_t columns) {
  const auto rows = static_cast<int64_t>(values.size()) / columns;
  return torch::from_blob(const_cast<float*>(values.data()), {rows, columns}, torch::kFloat32).clone();
}

torch::Tensor ToTensor(const std::vector<uint8_t>& values, int64_t columns) {
  const auto rows = static_cast<int64_t>(values.size()) / columns;
  return torch::from_blob(const_cast<uint8_t*>(values.data()), {rows, columns}, torch::kUInt8)
      .to(torch::kFloat32);
}

std::vector<float> ToVector(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

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

// One run of Adam over the head's two parameters.
class Fitter {
 public:
  Fitter(const HeadFitInput& input, const ProbeConfig& config)
      : config_(config),
        dim_(input.dim),
        fit_x_(ToTensor(input.fit.features, input.dim)),
        fit_y_(ToTensor(input.fit.labels, input.tags)),
        validation_x_(ToTensor(input.validation.features, input.dim)),
        validation_y_(ToTensor(input.validation.labels, input.tags)),
        weight_(torch::zeros({input.tags, input.dim}, torch::requires_grad())),
        bias_(torch::zeros({input.tags}, torch::requires_grad())),
        optimizer_({weight_, bias_}, torch::optim::AdamOptions(config.learning_rate)),
        order_(static_cast<size_t>(fit_x_.size(0))) {
    const torch::Tensor by_tag = validation_y_.t().contiguous().to(torch::kUInt8);
    validation_labels_ = {by_tag.data_ptr<uint8_t>(), by_tag.data_ptr<uint8_t>() + by_tag.numel()};
  }

  void Epoch(int64_t epoch) {
    std::iota(order_.begin(), order_.end(), int64_t{0});
    base::Random random({config_.seed, kBatchStream, static_cast<uint64_t>(epoch)});
    Shuffle(order_, random);
    for (std::span<const int64_t> rest = order_; !rest.empty();) {
      const auto rows = rest.first(std::min(rest.size(), static_cast<size_t>(config_.batch_size)));
      rest = rest.subspan(rows.size());
      Step(rows);
    }
  }

  ValidationScore Validate() const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor logits = torch::addmm(bias_, validation_x_, weight_.t());
    ValidationScore score;
    score.loss = torch::binary_cross_entropy_with_logits(logits, validation_y_).item<double>();
    score.mean_average_precision = MeanAveragePrecision(ToVector(logits.t()));
    return score;
  }

  LinearHead Head() const { return {dim_, ToVector(weight_), ToVector(bias_)}; }

 private:
  void Step(std::span<const int64_t> rows) {
    const auto count = static_cast<int64_t>(rows.size());
    torch::Tensor x = torch::empty({count, dim_});
    torch::Tensor y = torch::empty({count, fit_y_.size(1)});
    CopyRows(fit_x_, rows, x);
    CopyRows(fit_y_, rows, y);
    optimizer_.zero_grad();
    torch::binary_cross_entropy_with_logits(torch::addmm(bias_, x, weight_.t()), y).backward();
    optimizer_.step();
  }

  // logits_by_tag [tags, count]
  std::optional<double> MeanAveragePrecision(const std::vector<float>& logits_by_tag) const {
    const auto count = static_cast<size_t>(validation_x_.size(0));
    double sum = 0;
    int64_t counted = 0;
    for (size_t begin = 0; begin < logits_by_tag.size(); begin += count) {
      const auto labels = std::span(validation_labels_).subspan(begin, count);
      const int64_t positives = std::accumulate(labels.begin(), labels.end(), int64_t{0});
      if (positives == 0 || positives == static_cast<int64_t>(count)) continue;
      sum += AveragePrecision(labels, std::span(logits_by_tag).subspan(begin, count));
      ++counted;
    }
    if (counted == 0) return std::nullopt;
    return sum / static_cast<double>(counted);
  }

  const ProbeConfig& config_;
  const int64_t dim_;
  const torch::Tensor fit_x_, fit_y_, validation_x_, validation_y_;
  torch::Tensor weight_, bias_;
  torch::optim::Adam optimizer_;
  std::vector<int64_t> order_;
  std::vector<uint8_t> validation_labels_;  // [tags, count]
};

absl::Status Fit(const HeadFitInput& input, const ProbeConfig& config, const base::CancelToken& cancel,
                 const std::function<void(int64_t)>& on_epoch, HeadFit& best) {
  Fitter fitter(input, config);
  for (int64_t epoch = 1; epoch <= config.max_epochs; ++epoch) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    fitter.Epoch(epoch);
    const ValidationScore score = fitter.Validate();
    if (!std::isfinite(score.loss)) {
      return absl::InternalError("the probe's loss is not finite; try a smaller learning rate");
    }
    if (epoch == 1 || score.BetterThan(best.score)) best = {fitter.Head(), epoch, score};
    if (on_epoch) on_epoch(epoch);
    if (epoch - best.epochs >= config.patience_epochs) break;
  }
  return absl::OkStatus();
}

}  // namespace

bool ValidationScore::BetterThan(const ValidationScore& other) const {
  const double map = mean_average_precision.value_or(0);
  const double other_map = other.mean_average_precision.value_or(0);
  return map != other_map ? map > other_map : loss < other.loss;
}

absl::StatusOr<HeadFit> FitHead(const HeadFitInput& input, const ProbeConfig& config,
                                const base::CancelToken& cancel,
                                const std::function<void(int64_t)>& on_epoch) {
  HeadFit best;
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("fitting the probe's head",
                                           [&] { return Fit(input, config, cancel, on_epoch, best); }));
  return best;
}

}  // namespace timbre::probe
