#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/engine/team.h"

namespace timbre::train_engine {

// Calls work(thread, item) for each item of [0, count), on whichever thread is free next. After an error the
// items not yet begun are left out. Errors: the first one's.
absl::Status ForEach(engine::Team& team, int64_t count,
                     absl::FunctionRef<absl::Status(int thread, int64_t item)> work);

}  // namespace timbre::train_engine
