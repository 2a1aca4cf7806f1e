#include "core/train_engine/network_shape.h"

#include "absl/strings/str_cat.h"
#include "core/engine/kernels.h"

namespace timbre::train_engine {
namespace {

using engine::kChannelStep;

absl::Status CheckBlock(const BlockShape& block, size_t index, size_t count, int64_t in_channels) {
  const int64_t kernel = index + 1 == count ? 1 : 3;
  if (block.in_channels == in_channels && block.kernel == kernel && block.out_channels > 0 &&
      block.out_channels % kChannelStep == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "block ", index + 1, " has a weight of shape [", block.out_channels, ", ", block.in_channels, ", ",
      block.kernel, "]; [a multiple of ", kChannelStep, ", ", in_channels, ", ", kernel, "] is needed"));
}

}  // namespace

absl::StatusOr<NetworkShape> ShapeOf(std::span<const std::array<int64_t, 3>> weight_shapes) {
  if (weight_shapes.size() < 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("the network has ", weight_shapes.size(), " blocks; at least 3 are needed"));
  }
  NetworkShape shape;
  int64_t channels = 1;
  for (const auto& [out, in, kernel] : weight_shapes) {
    BlockShape block{.in_channels = in, .out_channels = out, .kernel = kernel};
    const absl::Status fits = CheckBlock(block, shape.blocks.size(), weight_shapes.size(), channels);
    if (!fits.ok()) return fits;
    shape.blocks.push_back(block);
    channels = out;
  }
  int64_t rows = 1;
  for (size_t i = shape.blocks.size(); i-- > 0;) {
    BlockShape& block = shape.blocks[i];
    block.pool = i > 0 && i + 1 < shape.blocks.size();
    if (block.pool) rows *= 3;
    block.frames = rows;
  }
  shape.window_samples = 3 * rows;
  return shape;
}

}  // namespace timbre::train_engine
