#pragma once

#include <string>

namespace timbre::client {

// A fresh random UUID (version 4): the key that makes a submit safe to repeat.
std::string NewRequestId();

}  // namespace timbre::client
