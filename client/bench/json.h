#pragma once

// Figures for programs. All are pure.

#include <nlohmann/json.hpp>

#include "client/bench/find_max.h"
#include "client/bench/summary.h"

namespace timbre::bench {

nlohmann::json ToJson(const Quantiles& quantiles);

// Rates, counts, {latency_ms, send_delay_ms, beside_infer_ms, outside_server_ms}, phases_ms by phase, errors
// by code.
nlohmann::json ToJson(const Summary& summary);

// {"max_rps", "stopped", "trials": [{"rps", "holds", "why_not", "summary"}]}.
nlohmann::json ToJson(const SearchResult& result);

}  // namespace timbre::bench
