#include "core/engine/cpu_network.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "core/engine/products.h"
#include "tests/core/engine/naive_stack.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

// Five pooled layers: some go by tiles, some are stacked; 729 samples a window.
FoldedStack SmallStack() { return HashedStack({16, 32, 16, 48, 32, 16, 64}); }

std::vector<float> Windows(const FoldedStack& stack, size_t count) {
  return HashedUniform(count * static_cast<size_t>(stack.window_samples), "windows", 0.8);
}

template <typename T>
std::vector<float> Encode(const FoldedStack& stack, const std::vector<LayerChoice>& choices, Team& team,
                          std::span<const float> windows) {
  auto network = CpuNetwork<T>::Create(stack, choices, team);
  EXPECT_THAT(network, IsOk());
  const int64_t count = static_cast<int64_t>(windows.size()) / stack.window_samples;
  std::vector<float> out(static_cast<size_t>(count * stack.embedding_dim()));
  EXPECT_THAT((*network)->Encode(windows.data(), count, out.data()), IsOk());
  // Again: nothing of the first call may be left in the buffers.
  std::vector<float> again(out.size());
  EXPECT_THAT((*network)->Encode(windows.data(), count, again.data()), IsOk());
  // Threads may share the windows otherwise.
  const double rounding = std::is_same_v<T, float> ? 1e-6 : 1e-2;
  EXPECT_LT(RelativeError(again, out), team.size() == 1 ? 1e-9 : rounding);
  return out;
}

std::vector<double> Expected(const FoldedStack& stack, std::span<const float> windows) {
  std::vector<double> all;
  const auto size = static_cast<size_t>(stack.window_samples);
  for (size_t at = 0; at < windows.size(); at += size) {
    const std::vector<double> one = NaiveStack(stack, windows.subspan(at, size));
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

TEST(CpuNetworkTest, EveryAlgorithmAndTileComputesTheConvolutions) {
  const FoldedStack stack = SmallStack();
  const std::vector<float> windows = Windows(stack, 3);
  const std::vector<double> expected = Expected(stack, windows);
  Team team(1);
  for (const Algorithm algorithm : {Algorithm::kDirect, Algorithm::kWinograd3, Algorithm::kWinograd6}) {
    for (const int64_t tile : {2, 10, 27, 54, 100, 243, 244}) {
      if (algorithm == Algorithm::kWinograd6 && tile % 2 != 0) continue;
      const std::vector<LayerChoice> choices(stack.layers.size(), {algorithm, tile});
      SCOPED_TRACE(absl::StrCat(AlgorithmName(algorithm), " ", tile));
      EXPECT_LT(RelativeError(Encode<float>(stack, choices, team, windows), expected), 2e-6);
      if (HasBf16Products()) {
        EXPECT_LT(RelativeError(Encode<Bf16>(stack, choices, team, windows), expected), 3e-2);
      }
    }
  }
}

TEST(CpuNetworkTest, NeitherThreadsNorCompanyChangeAWindow) {
  const FoldedStack stack = SmallStack();
  const std::vector<LayerChoice> choices(stack.layers.size(), {Algorithm::kWinograd3, 27});
  const std::vector<float> windows = Windows(stack, 37);
  Team one(1);
  const std::vector<float> reference = Encode<float>(stack, choices, one, windows);
  const auto size = static_cast<size_t>(stack.window_samples),
             dim = static_cast<size_t>(stack.embedding_dim());
  for (const int threads : {1, 2, 3}) {
    Team team(threads);
    for (const size_t count : {1, 2, 3, 16, 17, 37}) {
      const auto got = Encode<float>(stack, choices, team, std::span(windows).first(count * size));
      EXPECT_LT(
          RelativeError(got, std::vector<float>(reference.begin(),
                                                reference.begin() + static_cast<ptrdiff_t>(count * dim))),
          1e-6)
          << threads << " threads, " << count << " windows";
    }
  }
}

TEST(CpuNetworkTest, AWindowThatThreadsShareIsWhatTheFormulasSay) {
  const FoldedStack stack = SmallStack();
  const std::vector<float> windows = Windows(stack, 1);
  const std::vector<double> expected = Expected(stack, windows);
  for (const int threads : {2, 3, 5}) {
    Team team(threads);
    for (const Algorithm algorithm : {Algorithm::kDirect, Algorithm::kWinograd3, Algorithm::kWinograd6}) {
      for (const int64_t tile : {10, 54, 100, 244}) {
        const std::vector<LayerChoice> choices(stack.layers.size(), {algorithm, tile});
        SCOPED_TRACE(absl::StrCat(threads, " threads, ", AlgorithmName(algorithm), " ", tile));
        EXPECT_LT(RelativeError(Encode<float>(stack, choices, team, windows), expected), 2e-6);
        if (HasBf16Products()) {
          EXPECT_LT(RelativeError(Encode<Bf16>(stack, choices, team, windows), expected), 3e-2);
        }
      }
    }
  }
}

TEST(CpuNetworkTest, LayersMayDifferInAlgorithmAndTile) {
  const FoldedStack stack = SmallStack();
  const std::vector<LayerChoice> choices = {{Algorithm::kWinograd6, 54}, {Algorithm::kDirect, 27},
                                            {Algorithm::kWinograd3, 9},  {Algorithm::kWinograd6, 54},
                                            {Algorithm::kDirect, 27},    {Algorithm::kDirect, 27}};
  const std::vector<float> windows = Windows(stack, 5);
  Team team(2);
  EXPECT_LT(RelativeError(Encode<float>(stack, choices, team, windows), Expected(stack, windows)), 2e-6);
}

TEST(CpuNetworkTest, ChoicesThatDoNotSuitAreRefused) {
  const FoldedStack stack = SmallStack();
  Team team(1);
  EXPECT_THAT(CpuNetwork<float>::Create(stack, {}, team), StatusIs(absl::StatusCode::kInvalidArgument));
  const std::vector<LayerChoice> odd(stack.layers.size(), {Algorithm::kWinograd6, 27});
  EXPECT_THAT(CpuNetwork<float>::Create(stack, odd, team), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace timbre::engine
