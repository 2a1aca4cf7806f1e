#pragma once

#include <filesystem>
#include <optional>

namespace timbre::metrics {

// The least memory.max, in bytes, of a process' control group (cgroup v2) and of the groups that it lies in,
// as far as they are seen; nothing where none is limited, or that cannot be read. `groups`: the mounted
// hierarchy. `membership`: the process' /proc/PID/cgroup, which names its group in it ("0::/a/b"; "0::/" in a
// container, whose own group is all that it sees).
std::optional<double> CgroupMemoryLimitBytes(const std::filesystem::path& groups = "/sys/fs/cgroup",
                                             const std::filesystem::path& membership = "/proc/self/cgroup");

}  // namespace timbre::metrics
