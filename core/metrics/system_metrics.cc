#include "core/metrics/system_metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "core/metrics/memory_limit.h"

namespace timbre::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

MetricFamily Family(std::string name, std::string help, MetricType type, const std::vector<Sample>& samples) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  for (const Sample& sample : samples) {
    prometheus::ClientMetric metric;
    for (const auto& [label, value] : sample.labels) metric.label.push_back({label, value});
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = sample.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily Gauge(const char* name, const char* help, double value) {
  return Family(name, help, MetricType::Gauge, {{{}, value}});
}

double Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The fields of /proc/self/stat from the third on: the second, the program's name, may hold anything.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 3));  // past the state, one letter
  return {std::istream_iterator<double>(rest), {}};
}

// Of StatFields, which begins with field 4 of proc(5).
constexpr size_t kUserTicks = 14 - 4, kSystemTicks = 15 - 4, kThreads = 20 - 4, kStartTicks = 22 - 4,
                 kVirtualBytes = 23 - 4, kResidentPages = 24 - 4;

// Of the process, in Unix time; 0 where it cannot be read.
double StartSeconds() {
  const std::vector<double> stat = StatFields();
  if (stat.size() <= kStartTicks) return 0;
  const double since_boot = stat[kStartTicks] / static_cast<double>(sysconf(_SC_CLK_TCK));
  return Now(CLOCK_REALTIME) - (Now(CLOCK_BOOTTIME) - since_boot);
}

void AddProcess(double start_seconds, Families& families) {
  const std::vector<double> stat = StatFields();
  if (stat.size() <= kResidentPages) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  families.push_back(Family("process_cpu_seconds_total", "User and system CPU time of the process.",
                            MetricType::Counter, {{{}, (stat[kUserTicks] + stat[kSystemTicks]) / ticks}}));
  families.push_back(
      Gauge("process_start_time_seconds", "When the process was started, in Unix time.", start_seconds));
  families.push_back(Gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.",
                           stat[kResidentPages] * static_cast<double>(sysconf(_SC_PAGESIZE))));
  families.push_back(
      Gauge("process_virtual_memory_bytes", "Address space of the process.", stat[kVirtualBytes]));
  families.push_back(Gauge("process_num_threads", "Threads of the process.", stat[kThreads]));
}

void AddDescriptors(Families& families) {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  if (error) return;
  double open = 0;
  for (const std::filesystem::directory_iterator end; !error && entry != end; entry.increment(error)) ++open;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  families.push_back(Gauge("process_open_fds", "Open file descriptors.", open));
  families.push_back(
      Gauge("process_max_fds", "Most file descriptors allowed.", static_cast<double>(limit.rlim_cur)));
}

// RAM, or less where the control group allows less.
double MemoryLimitBytes() {
  const double ram =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return std::min(ram, CgroupMemoryLimitBytes().value_or(ram));
}

}  // namespace

SystemMetrics::SystemMetrics(std::filesystem::path state_dir, std::string device, const Nvml* gpu)
    : state_dir_(std::move(state_dir)),
      device_(std::move(device)),
      gpu_(gpu),
      start_seconds_(StartSeconds()) {}

std::vector<MetricFamily> SystemMetrics::Collect() const {
  Families families;
  AddProcess(start_seconds_, families);
  AddDescriptors(families);
  families.push_back(Gauge("timbre_cpus", "CPUs that the machine has.",
                           static_cast<double>(std::max(1U, std::thread::hardware_concurrency()))));
  families.push_back(Gauge("timbre_memory_limit_bytes",
                           "Memory that the process may use: RAM or its control "
                           "group's limit.",
                           MemoryLimitBytes()));
  AddDisk(families);
  AddGpu(families);
  return families;
}

void SystemMetrics::AddDisk(Families& families) const {
  if (state_dir_.empty()) return;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(state_dir_, error);
  if (error) return;
  families.push_back(Gauge("timbre_state_disk_free_bytes", "Room on the disk of the state folder.",
                           static_cast<double>(space.available)));
  families.push_back(Gauge("timbre_state_disk_size_bytes", "Size of the disk of the state folder.",
                           static_cast<double>(space.capacity)));
}

void SystemMetrics::AddGpu(Families& families) const {
  if (gpu_ == nullptr) return;
  const std::optional<Nvml::Reading> reading = gpu_->Read();
  if (!reading.has_value()) return;
  families.push_back(Family("timbre_device_memory_bytes",
                            "Memory of the GPU by kind: used (by all processes), total.", MetricType::Gauge,
                            {{{{"device", device_}, {"kind", "used"}}, reading->memory_used_bytes},
                             {{{"device", device_}, {"kind", "total"}}, reading->memory_total_bytes}}));
  if (reading->utilization_ratio.has_value()) {
    families.push_back(Family("timbre_device_utilization_ratio", "Share of the time that the GPU computed.",
                              MetricType::Gauge, {{{{"device", device_}}, *reading->utilization_ratio}}));
  }
  if (!reading->energy_joules.has_value()) return;
  families.push_back(Family("timbre_device_energy_joules_total",
                            "Energy that the GPU took since its driver was loaded.", MetricType::Counter,
                            {{{{"device", device_}}, *reading->energy_joules}}));
}

}  // namespace timbre::metrics
