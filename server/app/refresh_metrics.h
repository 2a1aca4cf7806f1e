#pragma once

#include "core/metrics/exporter.h"
#include "server/app/core_rooms.h"

namespace timbre::app {

// Sets what is read at a scrape rather than told of: jobs by kind and state, and what the labels of models
// name. Threads: safe, once the rooms are made.
void RefreshMetrics(const CoreRooms& rooms, metrics::Exporter& exporter);

}  // namespace timbre::app
