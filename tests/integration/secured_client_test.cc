// The client library and timbred, with TLS and tokens, by files as a user has them.
#include <fstream>

#include "absl/strings/str_cat.h"
#include "client/connection.h"
#include "client/inference.h"
#include "tests/support/certificates.h"
#include "tests/support/in_process_server.h"
#include "tests/support/published_model.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/token_line.h"
#include "tests/support/wav.h"

namespace timbre {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class SecuredClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const testing::IssuedCertificate own =
        authority_.Issue({.common_name = "server", .alternative_names = "DNS:localhost,IP:127.0.0.1"});
    server_.settings().tls =
        security::TlsFiles{Write("c.pem", own.certificate), Write("k.pem", own.private_key),
                           Write("ca.pem", authority_.certificate()), false};
    server_.settings().tokens_file = Write("tokens", testing::TokenLine("radio", "infer", "secret"));
    security::RoleSet roles;
    roles.Add(security::Role::kTrain);
    server_.settings().certificate_clients["cn:lab"] = {"lab", roles};
    testing::PublishModel(server_.state_dir(), "demo", 7, {"drums"});
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }

  absl::StatusOr<std::string> WhoAmI(const client::CredentialFiles& files) {
    auto credentials = client::LoadCredentials(files, server_.app().address());
    if (!credentials.ok()) return credentials.status();
    auto info = client::GetInfo(
        client::Connect({.server = server_.app().address(), .credentials = *credentials, .separate = true}));
    if (!info.ok()) return info.status();
    return info->caller().client();
  }

  v1::Audio Windows(int count) {
    v1::Audio audio;
    audio.mutable_pcm()->set_samples(
        testing::FloatBytes(testing::WhiteNoise(0.1, static_cast<size_t>(59049 * count), 3)));
    audio.mutable_pcm()->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
    audio.mutable_pcm()->mutable_format()->set_sample_rate_hz(22050);
    audio.mutable_pcm()->mutable_format()->set_channel_count(1);
    return audio;
  }

  testing::TempDir folder_;
  const testing::TestAuthority authority_{"Test CA"};
  testing::InProcessServer server_;
};

TEST_F(SecuredClientTest, ATokenOrACertificateFromFilesMakesTheClientKnown) {
  server_.Start();
  const std::string ca = Write("ca.pem", authority_.certificate());
  EXPECT_EQ(WhoAmI({.authorities = ca, .token_file = Write("token", "secret\n")}).value_or("nobody"),
            "radio");
  EXPECT_EQ(WhoAmI({.authorities = ca, .token = "secret"}).value_or("nobody"), "radio");
  const testing::IssuedCertificate lab = authority_.Issue({.common_name = "lab", .alternative_names = ""});
  EXPECT_EQ(WhoAmI({.authorities = ca,
                    .certificate = Write("lab.pem", lab.certificate),
                    .private_key = Write("lab.key", lab.private_key)})
                .value_or("nobody"),
            "lab");
  EXPECT_THAT(WhoAmI({.authorities = ca}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("--token-file")));
  EXPECT_THAT(WhoAmI({.authorities = ca, .token = "wrong"}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("token")));
}

TEST_F(SecuredClientTest, AServerOfAnotherAuthorityIsNotTalkedTo) {
  server_.Start();
  const testing::TestAuthority other("Other CA");
  EXPECT_THAT(WhoAmI({.authorities = Write("other.pem", other.certificate()), .token = "secret"}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("")));
}

TEST(LoadCredentialsTest, WhatCannotBeUsedIsSaidBeforeACall) {
  const testing::TempDir folder;
  const std::string empty = (folder.path() / "empty").string();
  std::ofstream{empty};
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(client::LoadCredentials({.authorities = "/no/such"}, "h:1"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such")));
  EXPECT_THAT(client::LoadCredentials({.token_file = empty}, "127.0.0.1:1"),
              StatusIs(kInvalid, HasSubstr("is empty")));
  EXPECT_THAT(client::LoadCredentials({.certificate = empty}, "h:1"),
              StatusIs(kInvalid, HasSubstr("go together")));
  EXPECT_THAT(client::LoadCredentials({.token = "secret"}, "music.example.org:50051"),
              StatusIs(kInvalid, HasSubstr("in the clear")));
  EXPECT_THAT(client::LoadCredentials({.token = "secret"}, "127.0.0.1:50051"), IsOk());
  for (const char* other : {"localhost.example.org:1", "127.example.org:1", "128.0.0.1:1"}) {
    EXPECT_THAT(client::LoadCredentials({.token = "secret"}, other),
                StatusIs(kInvalid, HasSubstr("in the clear")));
  }
  EXPECT_THAT(client::LoadCredentials({.token = "token, for the client:\n  secret"}, "127.0.0.1:1"),
              StatusIs(kInvalid, HasSubstr("the token alone")));
  EXPECT_THAT(client::LoadCredentials({.tls = true, .token = "secret"}, "music.example.org:50051"), IsOk());
}

// The test's own channel has no TLS: these two servers have none either.
class QuotaOfWindowsTest : public SecuredClientTest {
 protected:
  void Serve(double windows_per_second) {
    server_.settings().tls.reset();
    server_.settings().certificate_clients.clear();
    server_.settings().tokens_file.clear();
    server_.settings().quotas.each.windows_per_second = windows_per_second;
    server_.Start();
  }
};

TEST_F(QuotaOfWindowsTest, ACallThatTookMoreThanThereWasIsTheLastForAWhile) {
  Serve(0.1);
  v1::EmbedRequest request;
  *request.mutable_audio() = Windows(3);
  v1::EmbedResponse response;
  EXPECT_TRUE(testing::Call(*server_.inference, &v1::InferenceService::Stub::Embed, request, &response).ok());
  const grpc::Status refused =
      testing::Call(*server_.inference, &v1::InferenceService::Stub::Embed, request, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("0.1 windows a second"));
}

TEST_F(QuotaOfWindowsTest, AStreamIsHeldBackAndStillGetsAllItsWindows) {
  Serve(2);  // twenty at once
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const auto stream = server_.inference->EmbedStream(&context);
  v1::EmbedStreamRequest request;
  *request.mutable_config()->mutable_format()->mutable_pcm() = Windows(1).pcm().format();
  ASSERT_TRUE(stream->Write(request));
  const absl::Time begin = absl::Now();
  request.Clear();
  request.set_audio_chunk(Windows(24).pcm().samples());
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  int windows = 0;
  v1::EmbedStreamResponse response;
  while (stream->Read(&response)) windows += response.has_window() ? 1 : 0;
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(windows, 24);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(1900));  // four windows had to wait, two a second
}

}  // namespace
}  // namespace timbre
