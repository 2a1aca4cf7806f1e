#include "core/train_engine/last_block.h"

#include <algorithm>

#include "core/base/status_macros.h"

namespace timbre::train_engine {
namespace {

Moments MomentsOf(const std::vector<float>& frames, int64_t channels) {
  const auto size = static_cast<size_t>(channels);
  const std::vector<float> nothing(size);
  Moments moments;
  moments.Reset(channels);
  for (size_t row = 0; row < frames.size(); row += size) {
    moments.Add(1, frames.data() + row, nothing.data(), nothing.data());
  }
  return moments;
}

}  // namespace

LastBlock::LastBlock(const BlockShape& shape)
    : shape_(shape),
      forward_(Matmul::Kind::kTimesWeights, {.depth = shape.in_channels, .columns = shape.out_channels}),
      backward_(Matmul::Kind::kTimesWeights, {.depth = shape.out_channels, .columns = shape.in_channels}),
      weight_(Matmul::Kind::kTransposedRows, {.depth = shape.out_channels, .columns = shape.in_channels}) {}

absl::Status LastBlock::Forward(Lane& lane, const BlockParameters& parameters, const float* mask, Tape& tape,
                                float* out) const {
  const int64_t channels = shape_.out_channels;
  const auto rows = static_cast<int64_t>(tape.inputs.size()) / shape_.in_channels;
  tape.frames.resize(static_cast<size_t>(rows * channels));
  TIMBRE_ASSIGN_OR_RETURN(const size_t bytes, forward_.PackedBytes());
  engine::AlignedBuffer<std::byte> packed(static_cast<int64_t>(bytes));
  TIMBRE_RETURN_IF_ERROR(forward_.Pack(lane, parameters.weight, /*transposed=*/true, packed.data()));
  TIMBRE_RETURN_IF_ERROR(forward_.Run(lane, tape.inputs.data(), packed.data(), rows, tape.frames.data()));
  tape.norm = Normalise(MomentsOf(tape.frames, channels), parameters);
  for (size_t i = 0; i < tape.frames.size(); ++i) {
    const size_t c = i % static_cast<size_t>(channels);
    out[i] = std::max(tape.norm.scale[c] * tape.frames[i] + tape.norm.shift[c], 0.0F);
    if (mask != nullptr) out[i] *= mask[i];
  }
  return absl::OkStatus();
}

absl::Status LastBlock::Backward(Lane& lane, const BackwardCall& call, const Tape& tape,
                                 const BlockGradients& gradients, std::vector<float>& input_gradient) const {
  const auto channels = static_cast<size_t>(shape_.out_channels);
  const Normalisation& norm = tape.norm;
  std::vector<float> slopes(tape.frames.size());
  std::vector<double> sums(channels), products(channels);
  for (size_t i = 0; i < slopes.size(); ++i) {
    const size_t c = i % channels;
    if (norm.scale[c] * tape.frames[i] + norm.shift[c] <= 0) continue;
    slopes[i] = call.gradient[i] * (call.mask == nullptr ? 1.0F : call.mask[i]);
    sums[c] += slopes[i];
    products[c] += slopes[i] * (double{tape.frames[i]} - norm.mean[c]);
  }
  const FrameCoefficients at = Differentiate(norm, sums.data(), products.data(), gradients);
  for (size_t i = 0; i < slopes.size(); ++i) {
    const size_t c = i % channels;
    slopes[i] = at.gain[c] * slopes[i] + at.pull[c] * (tape.frames[i] - norm.mean[c]) + at.offset[c];
  }

  const auto rows = static_cast<int64_t>(slopes.size() / channels);
  std::fill_n(gradients.weight, shape_.weight_size(), 0.0F);
  TIMBRE_RETURN_IF_ERROR(weight_.Run(lane, slopes.data(), tape.inputs.data(), rows, gradients.weight));
  TIMBRE_ASSIGN_OR_RETURN(const size_t bytes, backward_.PackedBytes());
  engine::AlignedBuffer<std::byte> packed(static_cast<int64_t>(bytes));
  TIMBRE_RETURN_IF_ERROR(backward_.Pack(lane, call.weight, /*transposed=*/false, packed.data()));
  input_gradient.resize(tape.inputs.size());
  return backward_.Run(lane, slopes.data(), packed.data(), rows, input_gradient.data());
}

}  // namespace timbre::train_engine
