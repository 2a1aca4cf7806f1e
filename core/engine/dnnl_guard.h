#pragma once

#include <dnnl.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

// What all that calls oneDNN shares. For sources alone: headers stay free of dnnl.hpp.
namespace timbre::engine {

// oneDNN's engine: the CPU. Threads: safe.
inline dnnl::engine& DnnlCpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Where oneDNN's exceptions end: calls `function`, which gives a Status. Errors: its own · kInternal what
// oneDNN threw, after "oneDNN, `what`: ".
template <typename Function>
absl::Status DnnlGuard(const char* what, const Function& function) {
  try {
    return function();
  } catch (const dnnl::error& error) {
    return absl::InternalError(
        absl::StrCat("oneDNN, ", what, ": ", error.what(), " (status ", static_cast<int>(error.status), ")"));
  }
}

}  // namespace timbre::engine
