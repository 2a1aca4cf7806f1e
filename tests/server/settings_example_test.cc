// deploy/config/timbred.textproto, where an operator looks for what can be configured.
#include <google/protobuf/text_format.h>

#include <fstream>
#include <sstream>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "re2/re2.h"
#include "server/app/settings.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "timbre/config/v1/server_config.pb.h"

namespace timbre::app {
namespace {

using ::timbre::config::v1::ServerConfig;

// The example with what is commented out taken in.
std::string WholeExample() {
  std::ifstream file(TIMBRE_CONFIG_EXAMPLE);
  std::ostringstream text;
  for (std::string line; std::getline(file, line);) {
    RE2::Replace(&line, R"(^\s*# +([a-z_]+: .*|[a-z_]+ \{.*|\}.*)$)", R"(\1)");
    text << line << '\n';
  }
  return text.str();
}

void ExpectFields(const google::protobuf::Descriptor& message, const std::string& text) {
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    EXPECT_TRUE(RE2::PartialMatch(text, absl::StrCat("(?m)^[^#]*\\b", field.name(), "(: | \\{)")))
        << field.full_name() << " is not in the example";
    if (field.message_type() != nullptr) ExpectFields(*field.message_type(), text);
  }
}

// All that the example shows as a default.
auto Shown(const Settings& s) {
  return std::tuple(s.listen_address, s.metrics_address, s.state_dir, s.data_root, s.device,
                    s.compute_threads, s.precision, s.engine, s.max_batch_windows, s.max_batch_wait,
                    s.bulk_ages_in, s.queue_capacity_windows, s.decode_threads, s.decode_queue_capacity,
                    s.loaded_versions, s.max_message_bytes, s.decode.max_duration, s.decode.max_channels,
                    s.decode.max_expansion, s.default_deadline, s.max_encoded_stream_bytes,
                    s.max_upload_bytes, s.max_model_upload_bytes, s.log_level, s.log_format, s.ready_file,
                    s.drain_grace, s.reflection, s.channelz, s.health_address, s.max_concurrent_calls,
                    s.max_metadata_bytes, s.max_transport_memory_bytes, s.max_stream, s.max_connection_age);
}

TEST(SettingsExampleTest, NamesEveryField) {
  const std::string text = WholeExample();
  ServerConfig config;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  ExpectFields(*ServerConfig::descriptor(), text);
}

TEST(SettingsExampleTest, ShowsTheDefaults) {
  std::string text = WholeExample();
  text.resize(text.find("\nsecurity {"));  // what follows are examples
  const testing::TempDir folder;
  Flags flags;
  flags.config_file = (folder.path() / "timbred.textproto").string();
  std::ofstream(flags.config_file) << text;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Settings shown, LoadSettings(flags));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Settings defaults, LoadSettings({}));
  EXPECT_EQ(Shown(shown), Shown(defaults));
}

}  // namespace
}  // namespace timbre::app
