#pragma once

#include <string>

namespace timbre::dataset {

// Whether `text` is valid UTF-8: what JSON and protobuf can carry.
bool IsUtf8(const std::string& text);

// `text` for a message: valid UTF-8 without control characters, cut after about 80 bytes.
std::string Printable(const std::string& text);

}  // namespace timbre::dataset
