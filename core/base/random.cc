#include "core/base/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace timbre::base {
namespace {

uint64_t SplitMix64(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

// cppcheck-suppress uninitMemberVar  // the loop fills it
Random::Random(std::initializer_list<uint64_t> key) {
  uint64_t state = key.size();
  for (uint64_t part : key) state = SplitMix64(state) ^ part;
  for (uint64_t& word : state_) word = SplitMix64(state);
}

uint64_t Random::Next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::Uniform(double low, double high) {
  const double unit = static_cast<double>(Next() >> 11) * 0x1.0p-53;
  return low + (high - low) * unit;
}

int64_t Random::UniformInt(int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (range == 0) return static_cast<int64_t>(Next());  // all 2^64 values
  // Rejects the few values that would favour small results.
  const uint64_t limit = UINT64_MAX - (UINT64_MAX % range + 1) % range;
  uint64_t bits = Next();
  while (bits > limit) bits = Next();
  return static_cast<int64_t>(static_cast<uint64_t>(low) + bits % range);
}

bool Random::Bernoulli(double p) { return Uniform(0, 1) < p; }

double Random::Normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(1 - Uniform(0, 1)));
  const double angle = 2 * std::numbers::pi * Uniform(0, 1);
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

}  // namespace timbre::base
