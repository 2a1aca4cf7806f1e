#include "core/train_engine/pooled_block.h"

#include <algorithm>
#include <type_traits>

#include "core/base/status_macros.h"

namespace timbre::train_engine {
namespace {

// Pool windows in a piece: more gain nothing, and of fewer oneDNN copies the transposed operand too often.
// They are the depth of the weight gradient's products, where AMX takes 32 bf16 numbers at a time: a multiple
// of 32, so that padded pieces fit into a bench too.
template <typename T>
constexpr int64_t kTile = std::is_same_v<T, Bf16> ? 192 : 162;
static_assert(kTile<Bf16> % Matmul::kPairRows == 0);

template <typename T>
Matmul::Options ProductOptions(int64_t depth, int64_t columns) {
  return {
      .batch = PooledBlock<T>::products, .depth = depth, .columns = columns, .bf16 = std::is_same_v<T, Bf16>};
}

}  // namespace

template <typename T>
PooledBlock<T>::PooledBlock(const BlockShape& shape, bool first_before)
    : shape_(shape),
      first_before_(first_before),
      tile_(kTile<T>),
      kernels_(engine::KernelsHere<T>()),
      train_kernels_(TrainKernelsHere<T>()),
      forward_(Matmul::Kind::kTimesWeights, ProductOptions<T>(shape.in_channels, shape.out_channels)),
      backward_(Matmul::Kind::kTimesWeights, ProductOptions<T>(shape.out_channels, shape.in_channels)),
      weight_(Matmul::Kind::kTransposedRows, ProductOptions<T>(shape.out_channels, shape.in_channels)) {}

template <typename T>
int64_t PooledBlock<T>::inputs_size() const {
  // Several windows come with two rows of padding each.
  return (3 * tile_ + 2 * std::max<int64_t>(tile_ / shape_.rows_out(), 1)) * shape_.in_channels;
}

template <typename T>
auto PooledBlock<T>::Pieces(const Windows& windows) const -> std::vector<Piece> {
  std::vector<Piece> pieces;
  const int64_t rows = shape_.rows_out(), together = std::max<int64_t>(tile_ / rows, 1);
  for (int64_t window = windows.begin; window < windows.end; window += together) {
    Piece piece{.window = window, .windows = std::min(together, windows.end - window)};
    for (; piece.first < rows; piece.first += tile_) {
      piece.pool_windows = std::min(tile_, rows - piece.first);
      pieces.push_back(piece);
    }
  }
  return pieces;
}

// The rows from the one before the piece's first frame to the one after its last; zero outside of the window.
template <typename T>
void PooledBlock<T>::Fill(const InputRows<T>& inputs, int64_t window, const Piece& piece, T* out) const {
  const int64_t channels = shape_.in_channels;
  const int64_t from = 3 * piece.first - 1, count = 3 * piece.pool_windows + 2;
  const int64_t begin = std::max<int64_t>(from, 0), end = std::min(from + count, shape_.frames);
  std::fill(out, out + (begin - from) * channels, T{});
  std::fill(out + (end - from) * channels, out + count * channels, T{});
  T* const to = out + (begin - from) * channels;
  const int64_t row = window * shape_.frames + begin;
  const TileSpan span{.tiles = end - begin, .channels = channels};
  if (first_before_) {
    kernels_.first_layer(inputs.samples + 3 * row, span, inputs.weight, inputs.bias, to);
    return;
  }
  const ActivateCall<T> call{.pooled = inputs.pooled + row * channels,
                             .scale = inputs.norm->scale.data(),
                             .shift = inputs.norm->shift.data(),
                             .mask = inputs.mask == nullptr ? nullptr : inputs.mask + row * channels,
                             .out = to};
  train_kernels_.activate(span, call);
}

template <typename T>
void PooledBlock<T>::Transform(Bench<T>& bench, const InputRows<T>& inputs, const Piece& piece,
                               Matmul::Layout layout) const {
  const int64_t channels = shape_.in_channels;
  if (layout == Matmul::Layout::kRowPairs) {
    Fill(inputs, piece.window, piece, bench.inputs.data());
    const int64_t padded = (piece.rows() + Matmul::kPairRows - 1) / Matmul::kPairRows * Matmul::kPairRows;
    train_kernels_.input_pairs(bench.inputs.data(),
                               {.tiles = piece.rows(), .channels = channels, .plane = padded * channels},
                               bench.transformed.data());
    return;
  }
  const TileSpan span{.tiles = piece.pool_windows, .channels = channels, .plane = piece.rows() * channels};
  for (int64_t w = 0; w < piece.windows; ++w) {
    T* const rows = bench.inputs.data() + w * (3 * piece.pool_windows + 2) * channels;
    Fill(inputs, piece.window + w, piece, rows);
    kernels_.input3(rows, span, bench.transformed.data() + w * piece.pool_windows * channels);
  }
}

template <typename T>
void PooledBlock<T>::Frames(Bench<T>& bench, const Forward& call, const Piece& piece) const {
  const int64_t channels = shape_.out_channels, size = piece.pool_windows * channels;
  float* const sums = bench.sums.data();
  std::fill_n(sums, 3 * channels, 0.0F);
  const TileSpan span{.tiles = piece.pool_windows, .channels = channels, .plane = piece.rows() * channels};
  for (int64_t w = 0; w < piece.windows; ++w) {
    const int64_t row = (piece.window + w) * shape_.rows_out() + piece.first;
    train_kernels_.frames(span,
                          {.products = bench.products.data() + w * size,
                           .sign = call.sign,
                           .frames = call.frames == nullptr ? nullptr : call.frames + 3 * row * channels,
                           .pooled = call.pooled + row * channels,
                           .set_origin = w == 0,
                           .origin = sums,
                           .sum = sums + channels,
                           .squares = sums + 2 * channels});
  }
}

template <typename T>
absl::Status PooledBlock<T>::Run(Bench<T>& bench, const Forward& call, const Windows& windows,
                                 Moments& moments) const {
  const int64_t channels = shape_.out_channels;
  for (const Piece& piece : Pieces(windows)) {
    Transform(bench, call.inputs, piece);
    TIMBRE_RETURN_IF_ERROR(forward_.Run(bench.lane, bench.transformed.data(), call.weights, piece.rows(),
                                        bench.products.data()));
    Frames(bench, call, piece);
    const float* const sums = bench.sums.data();
    moments.Add(3 * piece.rows(), sums, sums + channels, sums + 2 * channels);
  }
  return absl::OkStatus();
}

template <typename T>
void PooledBlock<T>::FrameGradients(Bench<T>& bench, const Backward& call, const Piece& piece) const {
  const int64_t channels = shape_.out_channels;
  // The windows of a piece lie one after another, as all their rows do.
  const int64_t row = piece.window * shape_.rows_out() + piece.first;
  const TileSpan span{.tiles = piece.rows(), .channels = channels, .plane = piece.rows() * channels};
  train_kernels_.frame_gradient(span, {.frames = call.frames + 3 * row * channels,
                                       .slopes = call.slopes + row * channels,
                                       .sign = call.norm->sign.data(),
                                       .mean = call.norm->mean.data(),
                                       .gain = call.coefficients->gain.data(),
                                       .pull = call.coefficients->pull.data(),
                                       .offset = call.coefficients->offset.data(),
                                       .out = bench.gradients.data()});
}

template <typename T>
void PooledBlock<T>::Slopes(Bench<T>& bench, const Backward& call, const Piece& piece) const {
  const int64_t channels = shape_.in_channels;
  const InputRows<T>& inputs = call.inputs;
  std::fill_n(bench.sums.data(), sums_before() * channels, 0.0F);
  const TileSpan span{.tiles = piece.pool_windows, .channels = channels, .plane = piece.rows() * channels};
  for (int64_t w = 0; w < piece.windows; ++w) {
    const int64_t row = (piece.window + w) * shape_.frames + 3 * piece.first, at = row * channels;
    SlopesCall<T> slopes{.products = bench.products.data() + w * piece.pool_windows * channels,
                         .carry = bench.carry.data(),
                         .begins = piece.first == 0,
                         .ends = piece.first + piece.pool_windows == shape_.rows_out(),
                         .inputs = bench.inputs.data() + (w * (3 * piece.pool_windows + 2) + 1) * channels,
                         .sums = bench.sums.data()};
    if (first_before_) {
      slopes.samples = inputs.samples + 3 * row;
      train_kernels_.first_slopes(span, slopes);
      continue;
    }
    slopes.mask = inputs.mask == nullptr ? nullptr : inputs.mask + at;
    slopes.pooled = inputs.pooled + at;
    slopes.mean = inputs.norm->mean.data();
    slopes.out = call.slopes_before + at;
    train_kernels_.slopes(span, slopes);
  }
}

template <typename T>
absl::Status PooledBlock<T>::Run(Bench<T>& bench, const Backward& call, const Windows& windows,
                                 const Sums& sums) const {
  for (const Piece& piece : Pieces(windows)) {
    FrameGradients(bench, call, piece);
    // Rows of one window alone lie so that pairs of them follow each other.
    const Matmul::Layout layout =
        piece.windows == 1 ? weight_.LayoutOf(piece.rows()) : Matmul::Layout::kPlain;
    Transform(bench, call.inputs, piece, layout);
    TIMBRE_RETURN_IF_ERROR(weight_.Run(bench.lane, bench.gradients.data(), bench.transformed.data(),
                                       piece.rows(), sums.weight, layout));
    TIMBRE_RETURN_IF_ERROR(
        backward_.Run(bench.lane, bench.gradients.data(), call.weights, piece.rows(), bench.products.data()));
    Slopes(bench, call, piece);
    for (int64_t i = 0; i < sums_before() * shape_.in_channels; ++i) sums.slopes[i] += bench.sums.data()[i];
  }
  return absl::OkStatus();
}

template class PooledBlock<float>;
template class PooledBlock<Bf16>;

}  // namespace timbre::train_engine
