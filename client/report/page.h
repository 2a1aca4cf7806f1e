#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace timbre::report {

// The document as one HTML file: page, style, script, Chart.js and data in it, so that it works without a
// network, and asks for none (its content policy forbids it). No text of the document can become markup or
// script. The script writes into the root element what became of the plots: data-plots (of how many),
// data-drawn (found with their series' colours on the canvas) and data-errors.
std::string Page(const nlohmann::json& document);

// `<`, `>`, `&` and quotes as entities.
std::string EscapeHtml(absl::string_view text);

// JSON that may stand in a <script>: `<`, `>` and `&` as \u escapes, which mean the same.
std::string EscapeJsonForScript(absl::string_view json);

}  // namespace timbre::report
