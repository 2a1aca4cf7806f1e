#include "core/train_engine/train_engine.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/engine/products.h"
#include "tests/core/train_engine/reference.h"
#include "tests/support/matchers.h"

namespace timbre::train_engine {
namespace {

using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using Floats = std::vector<float>;

// The tensors of a network, or their gradients, in the form that the engine takes.
struct Tensors {
  std::vector<Floats> weight, bias, gamma, beta, running_mean, running_var;

  static Tensors Of(const std::vector<ReferenceBlock>& blocks) {
    Tensors t;
    const auto floats = [](const Doubles& values) { return Floats(values.begin(), values.end()); };
    for (const ReferenceBlock& block : blocks) {
      t.weight.push_back(floats(block.weight));
      t.bias.push_back(floats(block.bias));
      t.gamma.push_back(floats(block.gamma));
      t.beta.push_back(floats(block.beta));
      t.running_mean.push_back(floats(block.running_mean));
      t.running_var.push_back(floats(block.running_var));
    }
    return t;
  }
  std::vector<BlockParameters> parameters() {
    std::vector<BlockParameters> all;
    for (size_t i = 0; i < weight.size(); ++i) {
      all.push_back({weight[i].data(), bias[i].data(), gamma[i].data(), beta[i].data(),
                     running_mean[i].data(), running_var[i].data()});
    }
    return all;
  }
  std::vector<BlockGradients> gradients() {
    std::vector<BlockGradients> all;
    for (size_t i = 0; i < weight.size(); ++i) {
      all.push_back({weight[i].data(), bias[i].data(), gamma[i].data(), beta[i].data()});
    }
    return all;
  }
};

struct Case {
  NetworkShape shape = {};
  std::vector<ReferenceBlock> blocks = {};
  int64_t count = 0;
  Floats windows = {};
  Floats gradient = {};
  std::vector<Floats> masks = {};  // one for each block, or empty
};

// Deep enough that a window of the second block has three pieces, and several of the last ones make one.
Case MakeCase(int64_t count = 5) {
  Case c{.shape = ShapeOfChannels({16, 16, 32, 48, 16, 16, 32, 64}), .count = count};
  c.blocks = HashedBlocks(c.shape);
  c.windows = HashedUniform(static_cast<size_t>(count * c.shape.window_samples), "windows", 0.7);
  c.gradient = HashedUniform(static_cast<size_t>(count * c.shape.embedding_dim()), "gradient", 1);
  c.masks.resize(c.shape.blocks.size());
  return c;
}

void AddMask(Case& c, size_t block) {
  const BlockShape& shape = c.shape.blocks[block];
  c.masks[block] = HashedUniform(static_cast<size_t>(c.count * shape.rows_out() * shape.out_channels),
                                 "mask" + std::to_string(block), 1);
  for (float& value : c.masks[block]) value = value < 0 ? 0.0F : 2.0F;
}

struct Outcome {
  Floats embeddings;
  Tensors tensors;  // after the running statistics moved
  Tensors gradients;
};

Outcome RunEngine(const Case& c, const TrainEngine::Options& options, int repeats = 1) {
  const auto engine = TrainEngine::Create(c.shape, options);
  Outcome outcome;
  for (int i = 0; i < repeats; ++i) {
    outcome = {.embeddings = Floats(c.gradient.size(), -1),
               .tensors = Tensors::Of(c.blocks),
               .gradients = Tensors::Of(c.blocks)};
    Batch batch{.windows = c.windows.data(), .count = c.count};
    for (const Floats& mask : c.masks) batch.masks.push_back(mask.empty() ? nullptr : mask.data());
    auto tape =
        engine->Forward(outcome.tensors.parameters(), batch, /*keep=*/true, outcome.embeddings.data());
    EXPECT_THAT(tape, IsOk());
    EXPECT_THAT(engine->Backward(*std::move(tape), batch, c.gradient.data(), outcome.gradients.gradients()),
                IsOk());
  }
  return outcome;
}

Doubles ToDoubles(const Floats& values) { return Doubles(values.begin(), values.end()); }

double Norm(const Doubles& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

double Difference(const Floats& got, const Doubles& reference) {
  EXPECT_EQ(got.size(), reference.size());
  Doubles difference(reference.size());
  for (size_t i = 0; i < reference.size(); ++i) difference[i] = got[i] - reference[i];
  return Norm(difference) / std::max(Norm(reference), 1e-12);
}

double Cosine(const Floats& got, const Doubles& reference) {
  double dot = 0;
  for (size_t i = 0; i < reference.size(); ++i) dot += got[i] * reference[i];
  return dot / (Norm(ToDoubles(got)) * Norm(reference));
}

struct Reached {
  Doubles embeddings;
  std::vector<ReferenceBlock> blocks, gradients;
};
Reached RunReference(const Case& c) {
  std::vector<Doubles> masks;
  for (const Floats& mask : c.masks) masks.push_back(ToDoubles(mask));
  Reference network(c.shape, c.blocks);
  Reached reached;
  reached.embeddings = network.Forward(ToDoubles(c.windows), c.count, masks);
  reached.gradients = network.Backward(ToDoubles(c.gradient));
  reached.blocks = network.blocks;
  return reached;
}

void ExpectParity(const Case& c) {
  const Outcome got = RunEngine(c, {.threads = 2});
  const Reached reference = RunReference(c);
  EXPECT_LT(Difference(got.embeddings, reference.embeddings), 1e-4);
  for (size_t i = 0; i < c.blocks.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_LT(Difference(got.tensors.running_mean[i], reference.blocks[i].running_mean), 1e-4);
    EXPECT_LT(Difference(got.tensors.running_var[i], reference.blocks[i].running_var), 1e-4);
    EXPECT_LT(Difference(got.gradients.weight[i], reference.gradients[i].weight), 1e-3);
    EXPECT_LT(Difference(got.gradients.gamma[i], reference.gradients[i].gamma), 1e-3);
    EXPECT_LT(Difference(got.gradients.beta[i], reference.gradients[i].beta), 1e-3);
    for (const float bias : got.gradients.bias[i]) EXPECT_EQ(bias, 0);
  }
}

TEST(TrainEngineTest, Fp32IsTheReference) { ExpectParity(MakeCase()); }

TEST(TrainEngineTest, AnyNumberOfWindowsWillDo) {
  for (const int64_t count : {2, 3, 8, 13}) ExpectParity(MakeCase(count));
}

TEST(TrainEngineTest, DropoutIsAppliedForwardAndBackward) {
  Case c = MakeCase();
  for (const size_t block : {size_t{3}, size_t{6}, size_t{7}}) AddMask(c, block);
  ExpectParity(c);
}

TEST(TrainEngineTest, AGammaOfZeroTakesTheFirstFrameOfThePool) {
  Case c = MakeCase();
  for (size_t block = 0; block < c.blocks.size(); ++block) {
    for (size_t i = 0; i < 3; ++i) {
      c.blocks[block].gamma[i] = 0;
      c.blocks[block].beta[i] = 0.1;
    }
  }
  ExpectParity(c);
}

// Steps of equal samples give equal frames, of which the first is kept.
TEST(TrainEngineTest, TiesInThePoolGoToTheFirst) {
  Case c = MakeCase();
  for (size_t i = 0; i < c.windows.size(); ++i) c.windows[i] = c.windows[i - i % 81];
  ExpectParity(c);
}

TEST(TrainEngineTest, SilenceAndAConstantAreNoSpecialCase) {
  Case c = MakeCase();
  const auto window = static_cast<std::ptrdiff_t>(c.shape.window_samples);
  std::fill_n(c.windows.begin(), window, 0.0F);
  std::fill_n(c.windows.begin() + window, window, 0.3F);
  ExpectParity(c);

  // Nothing varies at all but at the windows' ends: everything stays finite.
  std::fill(c.windows.begin(), c.windows.end(), 0.25F);
  for (const bool bf16 : {false, true}) {
    if (bf16 && !engine::HasBf16Products()) continue;
    const Outcome got = RunEngine(c, {.bf16 = bf16, .threads = 1});
    for (const float value : got.embeddings) EXPECT_TRUE(std::isfinite(value));
    for (const Floats& weight : got.gradients.weight) {
      for (const float value : weight) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

TEST(TrainEngineTest, Bf16PointsTheSameWay) {
  if (!engine::HasBf16Products()) GTEST_SKIP() << "oneDNN multiplies no bf16 here";
  Case c = MakeCase(64);
  const Outcome got = RunEngine(c, {.bf16 = true, .threads = 2});
  const Reached reference = RunReference(c);
  EXPECT_GT(Cosine(got.embeddings, reference.embeddings), 0.995);
  for (size_t i = 0; i < c.blocks.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_GT(Cosine(got.gradients.weight[i], reference.gradients[i].weight), 0.8);
    EXPECT_GT(Cosine(got.gradients.gamma[i], reference.gradients[i].gamma), 0.8);
    EXPECT_GT(Cosine(got.gradients.beta[i], reference.gradients[i].beta), 0.8);
  }
}

void ExpectEqual(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.embeddings, b.embeddings);
  EXPECT_EQ(a.tensors.running_mean, b.tensors.running_mean);
  EXPECT_EQ(a.tensors.running_var, b.tensors.running_var);
  EXPECT_EQ(a.gradients.weight, b.gradients.weight);
  EXPECT_EQ(a.gradients.gamma, b.gradients.gamma);
  EXPECT_EQ(a.gradients.beta, b.gradients.beta);
}

TEST(TrainEngineTest, TheBitsDependNeitherOnThreadsNorOnTheRun) {
  Case c = MakeCase(13);
  AddMask(c, 5);
  for (const bool bf16 : {false, true}) {
    if (bf16 && !engine::HasBf16Products()) continue;
    const Outcome one = RunEngine(c, {.bf16 = bf16, .threads = 1});
    ExpectEqual(one, RunEngine(c, {.bf16 = bf16, .threads = 2}, /*repeats=*/3));
    ExpectEqual(one, RunEngine(c, {.bf16 = bf16, .threads = 3}));
  }
}

// Two forward passes may be under way at once, as the views of a step are, and one that keeps nothing
// between.
TEST(TrainEngineTest, TapesAreIndependent) {
  Case a = MakeCase(), b = MakeCase();
  b.windows = HashedUniform(b.windows.size(), "other windows", 0.4);
  const auto engine = TrainEngine::Create(a.shape, {.threads = 2});
  const auto forward = [&](Case& c, Outcome& outcome, bool keep) {
    outcome.tensors = Tensors::Of(c.blocks);
    outcome.gradients = Tensors::Of(c.blocks);
    outcome.embeddings.resize(c.gradient.size());
    Batch batch{.windows = c.windows.data(), .count = c.count};
    batch.masks.resize(c.masks.size());
    auto tape = engine->Forward(outcome.tensors.parameters(), batch, keep, outcome.embeddings.data());
    EXPECT_THAT(tape, IsOk());
    return std::make_pair(*std::move(tape), batch);
  };
  Outcome of_a, of_b, unkept;
  auto [tape_a, batch_a] = forward(a, of_a, true);
  auto [none, batch_none] = forward(b, unkept, false);
  EXPECT_EQ(none, nullptr);
  auto [tape_b, batch_b] = forward(b, of_b, true);
  EXPECT_THAT(engine->Backward(std::move(tape_b), batch_b, b.gradient.data(), of_b.gradients.gradients()),
              IsOk());
  EXPECT_THAT(engine->Backward(std::move(tape_a), batch_a, a.gradient.data(), of_a.gradients.gradients()),
              IsOk());
  ExpectEqual(of_a, RunEngine(a, {.threads = 2}));
  ExpectEqual(of_b, RunEngine(b, {.threads = 2}));
  EXPECT_EQ(unkept.embeddings, of_b.embeddings);
}

TEST(TrainEngineTest, OneWindowHasNoStatistics) {
  Case c = MakeCase(2);
  const auto engine = TrainEngine::Create(c.shape, {});
  Tensors tensors = Tensors::Of(c.blocks);
  Batch batch{.windows = c.windows.data(), .count = 1, .masks = {}};
  batch.masks.resize(c.masks.size());
  EXPECT_THAT(engine->Forward(tensors.parameters(), batch, true, c.gradient.data()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace timbre::train_engine
