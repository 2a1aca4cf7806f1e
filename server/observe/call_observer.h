#pragma once

#include <string>

#include "core/metrics/exporter.h"
#include "server/rpc/call.h"

namespace timbre::observe {

// Makes a log line and metrics of every call. What gRPC's own services answer well, or until their caller
// leaves, is logged at debug: probes ask every few seconds. Threads: safe.
class CallLog final : public rpc::CallObserver {
 public:
  // Registers all methods of rpc::TimbreMethods and rpc::BuiltinMethods at 0.
  explicit CallLog(metrics::CallMetrics& metrics);

  void OnStarted(const std::string& path) override;
  void OnHandled(const rpc::HandledCall& call) override;

 private:
  metrics::CallMetrics& metrics_;
};

}  // namespace timbre::observe
