#pragma once

#include <cstdint>
#include <initializer_list>

namespace timbre::base {

// A random stream that is named by a key: the same key gives the same numbers on every machine, compiler and
// thread, so "the data of step k" can be `Random({seed, k, i})` without any shared state.
//
// The key is hashed by SplitMix64 (Steele, Lea, Flood 2014) into the state of xoshiro256** (Blackman, Vigna 2018).
// The distributions are written out here because those of the standard library differ between libraries.
// Threads: compatible (one object, one thread).
class Random {
 public:
  explicit Random(std::initializer_list<uint64_t> key);

  // 64 uniform bits.
  uint64_t Next();

  // Uniform in [low, high).
  double Uniform(double low, double high);

  // Uniform over the integers low..high, both included. Requires low <= high.
  int64_t UniformInt(int64_t low, int64_t high);

  // True with probability p; p <= 0 never, p >= 1 always.
  bool Bernoulli(double p);

  // Normal with mean 0 and standard deviation 1 (Box-Muller).
  double Normal();

 private:
  uint64_t state_[4];
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace timbre::base
