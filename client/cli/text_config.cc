#include "client/cli/text_config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"

namespace timbre::cli {
namespace {

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(const std::string& origin) : origin_(origin) {}

  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(origin_, ":", line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  const std::string& origin_;
  std::string text_;
};

}  // namespace

absl::Status ParseTextConfig(const std::string& text, const std::string& origin, const std::string& wanted,
                             google::protobuf::Message& config) {
  FirstError error(origin);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(text, &config)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(error.text(), " (", wanted, ")"));
}

}  // namespace timbre::cli
