#include "core/metrics/system_metrics.h"

#include <fcntl.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "tests/core/metrics/metrics_text.h"
#include "tests/support/temp_dir.h"

namespace timbre::metrics {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::Optional;

constexpr double kGiB = 1 << 30;

std::string Text(const SystemMetrics& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

TEST(SystemMetricsTest, TellsTheProcessAsPrometheusClientsDo) {
  const SystemMetrics metrics("", "cpu", nullptr);
  const std::string text = Text(metrics);
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter"));
  EXPECT_THAT(Value(text, "process_resident_memory_bytes"), Optional(Gt(1e6)));
  EXPECT_THAT(Value(text, "process_virtual_memory_bytes"), Optional(Gt(1e6)));
  EXPECT_THAT(Value(text, "process_num_threads"), Optional(1));
  EXPECT_THAT(Value(text, "process_max_fds"), Optional(Gt(2)));
  EXPECT_THAT(Value(text, "process_start_time_seconds"),
              Optional(DoubleNear(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()), 120)));
  EXPECT_THAT(Value(text, "timbre_cpus"), Optional(Gt(0)));
  EXPECT_THAT(Value(text, "timbre_memory_limit_bytes"), Optional(Gt(1e6)));
}

TEST(SystemMetricsTest, TheStartStandsStill) {
  const SystemMetrics metrics("", "cpu", nullptr);
  const auto start = [&] { return Value(Text(metrics), "process_start_time_seconds"); };
  const auto first = start();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(start(), first);
}

TEST(SystemMetricsTest, CpuTimeGrowsWithWork) {
  const SystemMetrics metrics("", "cpu", nullptr);
  const auto cpu_seconds = [&] { return *Value(Text(metrics), "process_cpu_seconds_total"); };
  const double before = cpu_seconds();
  while (cpu_seconds() < before + 0.05) continue;  // each look is work
}

TEST(SystemMetricsTest, AnOpenFileIsCounted) {
  const SystemMetrics metrics("", "cpu", nullptr);
  const double before = *Value(Text(metrics), "process_open_fds");
  const int file = open("/dev/null", O_RDONLY);
  EXPECT_THAT(Value(Text(metrics), "process_open_fds"), Optional(before + 1));
  close(file);
}

TEST(SystemMetricsTest, TellsTheDiskOfTheStateFolder) {
  const testing::TempDir folder;
  const std::string text = Text(SystemMetrics(folder.path(), "cpu", nullptr));
  const auto size = Value(text, "timbre_state_disk_size_bytes");
  ASSERT_TRUE(size.has_value());
  EXPECT_THAT(Value(text, "timbre_state_disk_free_bytes"), Optional(AllOf(Gt(0), Le(*size))));
  EXPECT_THAT(Text(SystemMetrics(folder.path() / "gone", "cpu", nullptr)), Not(HasSubstr("disk")));
}

TEST(SystemMetricsTest, AGpuIsReadThroughTheDriversLibrary) {
  const std::unique_ptr<Nvml> gpu = Nvml::Open(0, "", FAKE_NVML);
  ASSERT_NE(gpu, nullptr);
  const std::string text = Text(SystemMetrics("", "cuda:0", gpu.get()));
  const std::string memory = "timbre_device_memory_bytes{device=\"cuda:0\",kind=";
  EXPECT_THAT(Value(text, memory + "\"used\"}"), Optional(20 * kGiB));
  EXPECT_THAT(Value(text, memory + "\"total\"}"), Optional(80 * kGiB));
  EXPECT_THAT(Value(text, "timbre_device_utilization_ratio{device=\"cuda:0\"}"), Optional(0.25));
  EXPECT_THAT(Value(text, "timbre_device_energy_joules_total{device=\"cuda:0\"}"), Optional(1500));
}

TEST(SystemMetricsTest, ADriverThatDoesNotTellLoadAndEnergyTellsTheMemory) {
  const std::unique_ptr<Nvml> gpu = Nvml::Open(0, "", OLD_FAKE_NVML);
  ASSERT_NE(gpu, nullptr);
  const std::string text = Text(SystemMetrics("", "cuda:0", gpu.get()));
  EXPECT_THAT(Value(text, "timbre_device_memory_bytes{device=\"cuda:0\",kind=\"used\"}"),
              Optional(20 * kGiB));
  EXPECT_THAT(text, Not(HasSubstr("utilization")));
  EXPECT_THAT(text, Not(HasSubstr("energy")));
}

TEST(SystemMetricsTest, TheGpuIsTheOneThatCudaSeesByThatNumber) {
  const auto used = [](int index, const char* visible, const char* library = FAKE_NVML) {
    const std::unique_ptr<Nvml> gpu = Nvml::Open(index, visible, library);
    const std::optional<Nvml::Reading> reading = gpu == nullptr ? std::nullopt : gpu->Read();
    return reading.has_value() ? reading->memory_used_bytes / kGiB : -1;
  };
  EXPECT_EQ(used(1, ""), 40);
  EXPECT_EQ(used(0, "1"), 40);
  EXPECT_EQ(used(1, "1,0"), 20);
  EXPECT_EQ(used(1, "0,GPU-second"), 40);
  EXPECT_EQ(used(1, "1"), -1);
  EXPECT_EQ(used(0, "GPU-third"), -1);
  EXPECT_EQ(used(0, "GPU-second", OLD_FAKE_NVML), -1);
}

TEST(SystemMetricsTest, WithoutADriverOrAGpuNothingIsSaidOfOne) {
  EXPECT_EQ(Nvml::Open(0, "", "libno-such-driver.so.1"), nullptr);
  EXPECT_EQ(Nvml::Open(2, "", FAKE_NVML), nullptr);
  EXPECT_EQ(Nvml::Open(0, "", "libm.so.6"), nullptr) << "a library without NVML's entry points";
  EXPECT_THAT(Text(SystemMetrics("", "cpu", nullptr)), Not(HasSubstr("timbre_device")));
}

}  // namespace
}  // namespace timbre::metrics
