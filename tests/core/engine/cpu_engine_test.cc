#include "core/engine/cpu_engine.h"

#include <thread>
#include <vector>

#include "core/engine/products.h"
#include "tests/core/engine/naive_stack.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::engine {
namespace {

using ::testing::HasSubstr;
using timbre::testing::HashedSampleCnn;
using timbre::testing::HashedUniform;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

constexpr size_t kWindow = 59049, kDim = 512;

class CpuEngineTest : public ::testing::Test {
 protected:
  // One folder for all: the machine is measured once.
  static void SetUpTestSuite() { dir_ = new TempDir; }
  static void TearDownTestSuite() { delete dir_; }

  static std::unique_ptr<CpuEngine> Engine(const std::string& precision, int threads) {
    auto engine =
        CpuEngine::Create({.precision = precision, .threads = threads, .plan_file = *dir_ / "plan.json"});
    EXPECT_THAT(engine, IsOk());
    return *std::move(engine);
  }
  static std::vector<float> Encode(Encoder& encoder, std::span<const float> windows) {
    std::vector<float> out(windows.size() / kWindow * kDim);
    EXPECT_THAT(encoder.Encode(windows, static_cast<int64_t>(windows.size() / kWindow), out), IsOk());
    return out;
  }

  static TempDir* dir_;
};
TempDir* CpuEngineTest::dir_ = nullptr;

TEST_F(CpuEngineTest, AWindowOfSampleCnnIsWhatTheFormulasSay) {
  const auto window = HashedUniform(kWindow, "window", 0.5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const FoldedStack stack, FoldSampleCnn(HashedSampleCnn()));
  const std::vector<double> expected = NaiveStack(stack, window);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto exact, Engine("fp32", 1)->Load(HashedSampleCnn()));
  EXPECT_LT(RelativeError(Encode(*exact, window), expected), 1e-5);
  if (!HasBf16Products()) return;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto rough, Engine("bf16", 1)->Load(HashedSampleCnn()));
  EXPECT_LT(RelativeError(Encode(*rough, window), expected), 2e-2);
}

TEST_F(CpuEngineTest, DirectProductsRoundLessThanAnyPlan) {
  const auto windows = HashedUniform(3 * kWindow, "window", 0.5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const FoldedStack stack, FoldSampleCnn(HashedSampleCnn()));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine,
                              CpuEngine::Create({.precision = "fp32", .threads = 2, .direct = true}));
  EXPECT_THAT(engine->description(), HasSubstr("timbre cpu fp32 direct"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(HashedSampleCnn()));
  const std::vector<float> embeddings = Encode(*encoder, windows);
  for (size_t i = 0; i < 3; ++i) {
    const std::vector<float> embedding(embeddings.begin() + static_cast<std::ptrdiff_t>(i * kDim),
                                       embeddings.begin() + static_cast<std::ptrdiff_t>((i + 1) * kDim));
    EXPECT_LT(RelativeError(embedding, NaiveStack(stack, std::span(windows).subspan(i * kWindow, kWindow))),
              1e-6);
  }
}

TEST_F(CpuEngineTest, AnEncoderOutlivesItsEngineAndServesSeveralThreads) {
  const auto windows = HashedUniform(3 * kWindow, "windows", 0.5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, Engine("fp32", 2)->Load(HashedSampleCnn()));
  EXPECT_EQ(encoder->window_samples(), 59049);
  EXPECT_EQ(encoder->embedding_dim(), 512);
  EXPECT_THAT(encoder->description(), HasSubstr("timbre cpu fp32"));
  const auto expected = Encode(*encoder, windows);
  std::vector<std::vector<float>> results(3);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) threads.emplace_back([&] { result = Encode(*encoder, windows); });
  }
  for (const auto& result : results) EXPECT_LT(RelativeError(result, expected), 1e-6);
}

TEST_F(CpuEngineTest, Bf16IsRefusedOnACpuThatHasNoProductsOfItAndAutoIsNot) {
  EXPECT_EQ(CpuEngine::Create({.precision = "bf16"}).ok(), HasBf16Products());
  EXPECT_EQ(CpuEngine::RunsHere("bf16"), HasBf16Products());
  if (!HasBf16Products()) {
    EXPECT_THAT(CpuEngine::Create({.precision = "bf16"}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("AVX-512")));
  }
  EXPECT_THAT(CpuEngine::Create({.precision = "auto"}), IsOk());
}

TEST_F(CpuEngineTest, AnEngineOfFixedPlansComputesAsTheOneThatMeasuredThem) {
  const auto window = HashedUniform(kWindow, "window", 0.5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto measured, Engine("fp32", 1)->Load(HashedSampleCnn()));
  const auto fixed = [](int threads, const char* file) {
    return CpuEngine::Create({.precision = "fp32", .threads = threads, .fixed_plan_file = *dir_ / file});
  };
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine, fixed(1, "plan.json"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(HashedSampleCnn()));
  EXPECT_EQ(Encode(*encoder, window), Encode(*measured, window));
  // Of seven threads nothing was measured.
  EXPECT_THAT(fixed(7, "plan.json"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("7 threads")));
  EXPECT_THAT(fixed(1, "none.json"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("none.json")));
}

TEST_F(CpuEngineTest, WrongSizesOptionsAndTensorsAreRefused) {
  EXPECT_THAT(CpuEngine::Create({.precision = "int8"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fp32, bf16 or auto")));
  EXPECT_THAT(CpuEngine::Create({.threads = 0}), StatusIs(absl::StatusCode::kInvalidArgument));
  const auto engine = Engine("fp32", 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(HashedSampleCnn()));
  const std::vector<float> window(kWindow);
  std::vector<float> out(kDim);
  EXPECT_THAT(encoder->Encode(window, 2, out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("59049")));
  EXPECT_THAT(encoder->Encode(window, 0, out), StatusIs(absl::StatusCode::kInvalidArgument));
  auto tensors = HashedSampleCnn();
  tensors.erase("conv3.0.bias");
  EXPECT_THAT(engine->Load(tensors), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv3.0.bias")));
}

}  // namespace
}  // namespace timbre::engine
