// What the engine is held to, held to finite differences itself.
#include "tests/core/train_engine/reference.h"

#include <gtest/gtest.h>

namespace timbre::train_engine {
namespace {

TEST(ReferenceTest, ItsGradientsAreThoseOfFiniteDifferences) {
  const NetworkShape shape = ShapeOfChannels({16, 16, 32, 16});
  constexpr int64_t kCount = 4;
  const auto draw = [](size_t size, const char* name) {
    const auto values = testing::HashedUniform(size, name, 1);
    return Doubles(values.begin(), values.end());
  };
  const Doubles windows = draw(kCount * 27, "windows"), slope = draw(kCount * 16, "slope");
  std::vector<Doubles> masks(4);
  masks[2] = Doubles(kCount * 32);
  for (size_t i = 0; i < masks[2].size(); ++i) masks[2][i] = i % 3 == 0 ? 0 : 1.5;

  Reference network(shape, HashedBlocks(shape));
  const auto loss = [&] {
    const Doubles out = network.Forward(windows, kCount, masks);
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) sum += out[i] * slope[i];
    return sum;
  };
  loss();
  const std::vector<ReferenceBlock> gradients = network.Backward(slope);
  constexpr double kStep = 1e-6;
  for (size_t block = 0; block < gradients.size(); ++block) {
    for (const auto part : {&ReferenceBlock::weight, &ReferenceBlock::gamma, &ReferenceBlock::beta}) {
      Doubles& values = network.blocks[block].*part;
      for (size_t i = 0; i < values.size(); i += values.size() / 7 + 1) {
        const double was = values[i];
        values[i] = was + kStep;
        const double up = loss();
        values[i] = was - kStep;
        const double down = loss();
        values[i] = was;
        EXPECT_NEAR((gradients[block].*part)[i], (up - down) / (2 * kStep), 1e-5) << block << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace timbre::train_engine
