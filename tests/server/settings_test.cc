#include "server/app/settings.h"

#include <fstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class SettingsTest : public ::testing::Test {
 protected:
  absl::StatusOr<Settings> Load(const std::string& text) {
    flags_.config_file = (folder_.path() / "timbred.textproto").string();
    std::ofstream(flags_.config_file) << text;
    return LoadSettings(flags_);
  }
  testing::TempDir folder_;
  Flags flags_;
};

TEST_F(SettingsTest, WithoutAFileTheServerListensOnLoopback) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Settings settings, LoadSettings({}));
  EXPECT_THAT(settings.listen_address, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(settings.metrics_address, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(settings.max_message_bytes, 64 << 20);
  EXPECT_EQ(settings.decode.max_duration, absl::Minutes(60));
  EXPECT_EQ(settings.default_deadline, absl::Seconds(60));
  EXPECT_GE(settings.compute_threads, 1);
}

TEST_F(SettingsTest, FlagsGoBeforeTheFile) {
  flags_.listen_address = "127.0.0.1:7";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Settings settings, Load("listen_address: '127.0.0.1:8' state_dir: '/x'"));
  EXPECT_EQ(settings.listen_address, "127.0.0.1:7");
  EXPECT_EQ(settings.state_dir, "/x");
}

TEST_F(SettingsTest, AnUnknownFieldIsAnErrorWithItsLine) {
  EXPECT_THAT(
      Load("log_level: 'info'\nlisten_adress: 'x'\n"),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("line 2"), HasSubstr("listen_adress"))));
}

TEST_F(SettingsTest, EachValueOutsideItsRangeIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"listen_address: 'nowhere'", "listen_address"},
      {"listen_address: 'host:99999'", "listen_address"},
      {"log_level: 'loud'", "log_level"},
      {"log_format: 'xml'", "log_format"},
      {"compute_threads: -1", "compute_threads"},
      {"inference { precision: 'fp8' }", "inference.precision"},
      {"inference { engine: 'torch' engine_plan: 'plan.json' }", "inference.engine_plan"},
      {"inference { max_batch_windows: 5000 }", "inference.max_batch_windows"},
      {"limits { max_message_bytes: 1 }", "limits.max_message_bytes"},
      {"limits { max_audio_seconds: -3 }", "limits.max_audio_seconds"},
      {"limits { max_expansion: 0.5 }", "limits.max_expansion"},
      {"limits { max_expansion: 1000001 }", "limits.max_expansion"},
      {"limits { max_expansion: nan }", "limits.max_expansion"},
      {"health_address: 'nowhere'", "health_address"},
      {"drain_grace_seconds: -1", "drain_grace_seconds"},
  };
  for (const auto& [text, field] : cases) {
    EXPECT_THAT(Load(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field))) << text;
  }
}

TEST_F(SettingsTest, AMissingFileIsNamed) {
  flags_.config_file = "/no/such/timbred.textproto";
  EXPECT_THAT(LoadSettings(flags_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/timbred.textproto")));
}

TEST_F(SettingsTest, AnAddressThatOthersCanReachWantsTlsAndToBeToldWhoCalls) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::string everywhere = "listen_address: '0.0.0.0:50051' ";
  const std::string tls = "tls { certificate_file: 'c' private_key_file: 'k' } ";
  EXPECT_THAT(Load(everywhere), StatusIs(kInvalid, AllOf(HasSubstr("nothing is encrypted"),
                                                         HasSubstr("--allow-insecure-public-address"))));
  EXPECT_THAT(Load(everywhere + "security { " + tls + "}"),
              StatusIs(kInvalid, HasSubstr("nobody is asked who they are")));
  EXPECT_THAT(Load(everywhere + "security { tokens_file: 't' }"),
              StatusIs(kInvalid, HasSubstr("nothing is encrypted")));
  EXPECT_THAT(Load(everywhere + "security { tokens_file: 't' allow_insecure_public_address: true }"), IsOk());
  EXPECT_THAT(Load(everywhere + "security { " + tls + "tokens_file: 't' anonymous_roles: 'train' }"),
              StatusIs(kInvalid, HasSubstr("anonymous_roles lets anybody train")));
  EXPECT_THAT(Load("listen_address: '127.example.org:1'"), StatusIs(kInvalid, HasSubstr("other machines")));
  EXPECT_THAT(Load(everywhere + "security { " + tls + "tokens_file: 't' }"), IsOk());
  EXPECT_THAT(Load(everywhere + "security { allow_insecure_public_address: true }"), IsOk());
  flags_.allow_insecure_public_address = true;
  EXPECT_THAT(Load(everywhere), IsOk());
}

TEST_F(SettingsTest, WhatIsWrongWithSecurityAndQuotasIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"security { tls { certificate_file: 'c' } }", "security.tls.private_key_file"},
      {"security { tls { certificate_file: 'c' private_key_file: 'k' require_client_certificate: true } }",
       "security.tls.client_ca_file"},
      {"security { certificate_clients { certificate_name: 'cn:x' roles: 'infer' } }",
       "security.tls.client_ca_file"},
      {"security { certificate_clients { certificate_name: 'cn:x' roles: 'sing' } }",
       "security.certificate_clients[0].roles"},
      {"security { certificate_clients { certificate_name: 'gateway' roles: 'infer' } }",
       "uri:, dns:, email: or cn:"},
      {"security { certificate_clients { roles: 'infer' } }",
       "security.certificate_clients[0].certificate_name"},
      {"security { anonymous_roles: 'infer' }", "security.anonymous_roles"},
      {"quota { each_client { jobs: -1 } }", "quota.each_client.jobs"},
      {"quota { clients { jobs: 1 } }", "quota.clients[0].client"},
      {"quota { clients { client: 'a' } clients { client: 'a' } }", "quota.clients[1].client"},
      {"limits { max_metadata_bytes: 5 }", "limits.max_metadata_bytes"},
      {"limits { max_stream_seconds: -1 }", "limits.max_stream_seconds"},
      {"limits { max_transport_memory_bytes: 5 }", "limits.max_transport_memory_bytes"},
  };
  for (const auto& [text, field] : cases) {
    EXPECT_THAT(Load(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field))) << text;
  }
}

}  // namespace
}  // namespace timbre::app
