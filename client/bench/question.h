#pragma once

// What is asked of the server, made once: the load then costs no serialising.

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/bench/target.h"

namespace timbre::bench {

// Calls of one method, by their bytes.
struct Question {
  std::string method = {};                 // "/timbre.v1.InferenceService/Embed"
  std::vector<std::string> requests = {};  // sent in turns
  // Reads an answer's bytes into a reply; empty: answers are not looked at.
  std::function<absl::Status(const std::string& bytes, Reply& reply)> read = {};
};

struct QuestionOptions {
  bool tag = false;
  std::string model = {};
  // Files, sent as they are, in turns; empty: noise.
  std::vector<std::string> paths = {};
  // Windows of noise, each 59,049 samples, as 16-bit PCM at 22,050 Hz: nothing to decode or resample.
  int windows = 1;
};

// Errors: as client::ReadFile.
absl::StatusOr<Question> MakeQuestion(const QuestionOptions& options);

}  // namespace timbre::bench
