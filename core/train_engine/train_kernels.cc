#include "core/train_engine/train_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/train_engine/train_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/engine/rows-inl.h"
#include "core/train_engine/matmul.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::train_engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using engine::HWY_NAMESPACE::CombinedRows;
using engine::HWY_NAMESPACE::CombineRows;
using engine::HWY_NAMESPACE::D;
using engine::HWY_NAMESPACE::LoadRow;
using engine::HWY_NAMESPACE::RoundRow;
using engine::HWY_NAMESPACE::StoreRow;
using engine::HWY_NAMESPACE::ToBf16;
using engine::HWY_NAMESPACE::V;

HWY_INLINE void AddTo(D d, V v, float* p) { hn::StoreU(hn::Add(hn::LoadU(d, p), v), d, p); }

template <typename T, Rounding kRounding>
void Activate(const TileSpan& span, const ActivateCall<T>& call) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  for (int64_t t = 0; t < span.tiles; ++t) {
    for (int64_t c = 0; c < n; c += lanes) {
      const V x = hn::MulAdd(LoadRow(d, call.pooled + t * n + c), hn::LoadU(d, call.scale + c),
                             hn::LoadU(d, call.shift + c));
      V out = hn::Max(x, hn::Zero(d));
      if (call.mask != nullptr) out = hn::Mul(out, hn::LoadU(d, call.mask + t * n + c));
      StoreRow<kRounding>(d, out, call.out + t * n + c);
    }
  }
}

// Numbers of two rows, the first one below.
template <Rounding kRounding>
HWY_INLINE void StorePair(D d, V first, V second, Bf16* p) {
  const hn::Rebind<uint32_t, D> whole;
  const auto low = hn::PromoteTo(whole, ToBf16<kRounding>(d, first));
  const auto high = hn::ShiftLeft<16>(hn::PromoteTo(whole, ToBf16<kRounding>(d, second)));
  hn::StoreU(hn::Or(low, high), whole, reinterpret_cast<uint32_t*>(p));
}

template <Rounding kRounding>
void InputPairs(const Bf16* rows, const TileSpan& span, Bf16* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kBlock = Matmul::kPairRows * Matmul::kPairColumns;
  const int64_t n = span.channels, blocks = (span.tiles + Matmul::kPairRows - 1) / Matmul::kPairRows;
  const V zero = hn::Zero(d);
  const CombinedRows none = {zero, zero, zero, zero, zero};
  for (int64_t t = 0; t < blocks * Matmul::kPairRows; t += 2) {
    const int64_t at = t / Matmul::kPairRows * kBlock + t % Matmul::kPairRows * Matmul::kPairColumns;
    for (int64_t c = 0; c < n; c += lanes) {
      const auto row = [&](int64_t i) { return LoadRow(d, rows + (3 * t + i) * n + c); };
      CombinedRows first = none, second = none;
      if (t < span.tiles) {
        const V d3 = row(3), d4 = row(4);
        first = CombineRows(d, row(0), row(1), row(2), d3, d4);
        if (t + 1 < span.tiles) second = CombineRows(d, d3, d4, row(5), row(6), row(7));
      }
      Bf16* to = out + c / Matmul::kPairColumns * blocks * kBlock + at + c % Matmul::kPairColumns * 2;
      StorePair<kRounding>(d, first.v0, second.v0, to);
      StorePair<kRounding>(d, first.v1, second.v1, to + span.plane);
      StorePair<kRounding>(d, first.v2, second.v2, to + 2 * span.plane);
      StorePair<kRounding>(d, first.v3, second.v3, to + 3 * span.plane);
      StorePair<kRounding>(d, first.v4, second.v4, to + 4 * span.plane);
    }
  }
}

// The largest of three times `sign`, the first of equal ones: 1 where it is the first, the second.
struct Kept {
  hn::Mask<D> first, second;
};
HWY_INLINE Kept Keep(V y0, V y1, V y2, V sign) {
  const V a = hn::Mul(y0, sign), b = hn::Mul(y1, sign), c = hn::Mul(y2, sign);
  return {.first = hn::And(hn::Ge(a, b), hn::Ge(a, c)), .second = hn::Ge(b, c)};
}

template <typename T, Rounding kRounding>
void Frames(const TileSpan& span, const FramesCall<T>& call) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const V two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f);
  for (int64_t t = 0; t < span.tiles; ++t) {
    const float* in = call.products + t * n;
    for (int64_t c = 0; c < n; c += lanes, in += lanes) {
      const V m1 = hn::LoadU(d, in + span.plane), m2 = hn::LoadU(d, in + 2 * span.plane),
              m3 = hn::LoadU(d, in + 3 * span.plane);
      const V sum = hn::Add(m1, m2);
      V y0 = hn::Add(hn::Add(hn::LoadU(d, in), sum), m3);
      V y1 = hn::MulAdd(two, m3, hn::Sub(m1, m2));
      V y2 = hn::MulAdd(four, m3, hn::Add(sum, hn::LoadU(d, in + 4 * span.plane)));
      if (call.frames != nullptr) {
        T* to = call.frames + 3 * t * n + c;
        y0 = StoreRow<kRounding>(d, y0, to);
        y1 = StoreRow<kRounding>(d, y1, to + n);
        y2 = StoreRow<kRounding>(d, y2, to + 2 * n);
      } else {
        y0 = RoundRow<kRounding>(d, y0, call.pooled);
        y1 = RoundRow<kRounding>(d, y1, call.pooled);
        y2 = RoundRow<kRounding>(d, y2, call.pooled);
      }
      if (call.set_origin && t == 0) hn::StoreU(y0, d, call.origin + c);
      const Kept kept = Keep(y0, y1, y2, hn::LoadU(d, call.sign + c));
      StoreRow<kRounding>(d, hn::IfThenElse(kept.first, y0, hn::IfThenElse(kept.second, y1, y2)),
                          call.pooled + t * n + c);
      const V origin = hn::LoadU(d, call.origin + c);
      const V e0 = hn::Sub(y0, origin), e1 = hn::Sub(y1, origin), e2 = hn::Sub(y2, origin);
      AddTo(d, hn::Add(hn::Add(e0, e1), e2), call.sum + c);
      AddTo(d, hn::MulAdd(e2, e2, hn::MulAdd(e1, e1, hn::Mul(e0, e0))), call.squares + c);
    }
  }
}

template <typename T, Rounding kRounding>
void FrameGradient(const TileSpan& span, const FrameGradientCall<T>& call) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const V two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f);
  for (int64_t t = 0; t < span.tiles; ++t) {
    const T* frames = call.frames + 3 * t * n;
    T* to = call.out + t * n;
    for (int64_t c = 0; c < n; c += lanes, frames += lanes, to += lanes) {
      const V y0 = LoadRow(d, frames), y1 = LoadRow(d, frames + n), y2 = LoadRow(d, frames + 2 * n);
      const Kept kept = Keep(y0, y1, y2, hn::LoadU(d, call.sign + c));
      const V slope = hn::Mul(LoadRow(d, call.slopes + t * n + c), hn::LoadU(d, call.gain + c));
      const V mean = hn::LoadU(d, call.mean + c), pull = hn::LoadU(d, call.pull + c),
              offset = hn::LoadU(d, call.offset + c);
      const V with = hn::Add(slope, offset);
      const V dy0 = hn::MulAdd(pull, hn::Sub(y0, mean), hn::IfThenElse(kept.first, with, offset));
      const V dy1 = hn::MulAdd(pull, hn::Sub(y1, mean),
                               hn::IfThenElse(kept.first, offset, hn::IfThenElse(kept.second, with, offset)));
      const V dy2 = hn::MulAdd(pull, hn::Sub(y2, mean),
                               hn::IfThenElse(kept.first, offset, hn::IfThenElse(kept.second, offset, with)));
      const V outer = hn::Add(dy0, dy2);
      StoreRow<kRounding>(d, dy0, to);
      StoreRow<kRounding>(d, hn::Add(outer, dy1), to + span.plane);
      StoreRow<kRounding>(d, hn::Sub(outer, dy1), to + 2 * span.plane);
      StoreRow<kRounding>(d, hn::MulAdd(four, dy2, hn::MulAdd(two, dy1, dy0)), to + 3 * span.plane);
      StoreRow<kRounding>(d, dy2, to + 4 * span.plane);
    }
  }
}

// What a row's gradient does. Rows and channels are counted from row 0 of the call.
template <typename T, Rounding kRounding>
struct General {
  static constexpr int kSums = 2;
  const SlopesCall<T>& call;
  const int64_t channels;
  HWY_INLINE void operator()(D d, V gradient, int64_t row, int64_t c, V* sums) const {
    const int64_t at = row * channels + c;
    const auto positive = hn::Gt(LoadRow(d, call.inputs + at), hn::Zero(d));
    if (call.mask != nullptr) gradient = hn::Mul(gradient, hn::LoadU(d, call.mask + at));
    const V slope = StoreRow<kRounding>(d, hn::IfThenElseZero(positive, gradient), call.out + at);
    const V centred = hn::Sub(LoadRow(d, call.pooled + at), hn::LoadU(d, call.mean + c));
    sums[0] = hn::Add(sums[0], slope);
    sums[1] = hn::MulAdd(slope, centred, sums[1]);
  }
};

template <typename T>
struct First {
  static constexpr int kSums = 4;
  const SlopesCall<T>& call;
  const int64_t channels;
  HWY_INLINE void operator()(D d, V gradient, int64_t row, int64_t c, V* sums) const {
    const auto positive = hn::Gt(LoadRow(d, call.inputs + row * channels + c), hn::Zero(d));
    const V slope = hn::IfThenElseZero(positive, gradient);
    const float* samples = call.samples + 3 * row;
    sums[0] = hn::Add(sums[0], slope);
    sums[1] = hn::MulAdd(slope, hn::Set(d, samples[0]), sums[1]);
    sums[2] = hn::MulAdd(slope, hn::Set(d, samples[1]), sums[2]);
    sums[3] = hn::MulAdd(slope, hn::Set(d, samples[2]), sums[3]);
  }
};

template <typename Row>
HWY_INLINE void SlopesOfTile(const TileSpan& span, const Row& take, int64_t t) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const auto& call = take.call;
  const V two = hn::Set(d, 2.0f), three = hn::Set(d, 3.0f);
  const bool before = t > 0 || !call.begins, last = call.ends && t + 1 == span.tiles;
  const float* in = call.products + t * n;
  for (int64_t c = 0; c < n; c += lanes, in += lanes) {
    const V p0 = hn::LoadU(d, in), p1 = hn::LoadU(d, in + span.plane), p2 = hn::LoadU(d, in + 2 * span.plane),
            p3 = hn::LoadU(d, in + 3 * span.plane), p4 = hn::LoadU(d, in + 4 * span.plane);
    V sums[Row::kSums];
    for (V& sum : sums) sum = hn::Zero(d);
    V row0 = hn::MulAdd(two, hn::Add(hn::Sub(p2, p1), p4), hn::Neg(hn::Add(p0, p3)));
    if (before) {
      take(d, hn::MulAdd(two, p0, hn::LoadU(d, call.carry + c)), 3 * t - 1, c, sums);
      row0 = hn::Add(row0, hn::LoadU(d, call.carry + n + c));
    }
    take(d, row0, 3 * t, c, sums);
    take(d, hn::Neg(hn::MulAdd(two, p0, hn::MulAdd(three, p2, hn::Add(p1, p4)))), 3 * t + 1, c, sums);
    const V row2 = hn::NegMulAdd(two, p4, hn::Add(hn::Add(p0, p1), hn::Add(p2, p3)));
    if (last) {
      take(d, row2, 3 * t + 2, c, sums);
    } else {
      hn::StoreU(row2, d, call.carry + c);
      hn::StoreU(p4, d, call.carry + n + c);
    }
    for (int i = 0; i < Row::kSums; ++i) AddTo(d, sums[i], call.sums + i * n + c);
  }
}

template <typename T, Rounding kRounding>
void Slopes(const TileSpan& span, const SlopesCall<T>& call) {
  const General<T, kRounding> take{call, span.channels};
  for (int64_t t = 0; t < span.tiles; ++t) SlopesOfTile(span, take, t);
}

template <typename T, Rounding kRounding>
void FirstSlopes(const TileSpan& span, const SlopesCall<T>& call) {
  const First<T> take{call, span.channels};
  for (int64_t t = 0; t < span.tiles; ++t) SlopesOfTile(span, take, t);
}

template <typename T, Rounding kRounding>
TrainKernels<T> Table() {
  return {.input_pairs = nullptr,
          .activate = &Activate<T, kRounding>,
          .frames = &Frames<T, kRounding>,
          .frame_gradient = &FrameGradient<T, kRounding>,
          .slopes = &Slopes<T, kRounding>,
          .first_slopes = &FirstSlopes<T, kRounding>};
}
TrainKernels<float> TrainTableOfFloat() { return Table<float, Rounding::kPortable>(); }
template <Rounding kRounding>
TrainKernels<Bf16> TableWithPairs() {
  TrainKernels<Bf16> table = Table<Bf16, kRounding>();
  table.input_pairs = &InputPairs<kRounding>;
  return table;
}
TrainKernels<Bf16> TrainTableOfBf16(Rounding rounding) {
  return rounding == Rounding::kNative ? TableWithPairs<Rounding::kNative>()
                                       : TableWithPairs<Rounding::kPortable>();
}

}  // namespace timbre::train_engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::train_engine {

HWY_EXPORT(TrainTableOfFloat);
HWY_EXPORT(TrainTableOfBf16);

template <>
const TrainKernels<float>& TrainKernelsHere() {
  static const TrainKernels<float> table = HWY_DYNAMIC_DISPATCH(TrainTableOfFloat)();
  return table;
}
template <>
const TrainKernels<Bf16>& TrainKernelsHere() {
  static const TrainKernels<Bf16> table = HWY_DYNAMIC_DISPATCH(TrainTableOfBf16)(
      engine::HasNativeBf16() ? Rounding::kNative : Rounding::kPortable);
  return table;
}

}  // namespace timbre::train_engine
#endif  // HWY_ONCE
