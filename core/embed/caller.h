#pragma once

#include <string>

namespace timbre::embed {

// How urgent a request is. A bulk request that has waited long enough counts as interactive.
enum class Priority { kInteractive, kBulk };

// Who asks, and how urgently. Requests of one `client` share its place in the queue; "" is a client like
// others.
struct Caller {
  std::string client = {};
  Priority priority = Priority::kInteractive;
  std::string account = {};  // whose quota pays (Embedder::Options::charge)
};

}  // namespace timbre::embed
