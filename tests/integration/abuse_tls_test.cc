// What a server that speaks TLS to known clients gets from those who never come so far.
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/integration/abuse_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/token_line.h"

namespace timbre {
namespace {

class TlsAbuseTest : public AbuseTest {
 protected:
  std::string Security() override {
    const testing::IssuedCertificate own =
        authority_.Issue({.common_name = "server", .alternative_names = "DNS:localhost,IP:127.0.0.1"});
    return absl::StrCat("security { tls { certificate_file: \"", Write("c.pem", own.certificate),
                        "\" private_key_file: \"", Write("k.pem", own.private_key), "\" } tokens_file: \"",
                        Write("tokens", testing::TokenLine("radio", "infer", "secret")), "\" }");
  }
  Credentials HonestCredentials() override {
    return grpc::CompositeChannelCredentials(OfNobody(), grpc::AccessTokenCredentials("secret"));
  }
  // Who trusts the server and is not known to it.
  Credentials OfNobody() const { return grpc::SslCredentials({authority_.certificate(), "", ""}); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }

  const testing::TestAuthority authority_{"Test CA"};
};

// The beginning of a TLS 1.2 record that claims a ClientHello of 16 kB.
std::string BegunHello() { return std::string("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11); }

TEST_F(TlsAbuseTest, HandshakesThatAreNeverFinishedAreCutOffAndLockNobodyOut) {
  std::vector<RawHttp2> connections;
  for (int i = 0; i < 300; ++i) {
    connections.emplace_back(server_.address());
    if (i % 2 == 0) connections.back().Send(BegunHello());  // the others say nothing at all
  }
  const auto begin = Clock::now();
  while (Going(begin)) {
    for (size_t i = 0; i < connections.size(); i += 2) connections[i].Send("a");
    connections.front().ClosedWithin(std::chrono::milliseconds(10));  // a pause
  }
  // The server gives a handshake ten seconds.
  for (RawHttp2& connection : connections) EXPECT_TRUE(connection.ClosedWithin(std::chrono::seconds(30)));
}

TEST_F(TlsAbuseTest, WhatIsNoHandshakeIsTurnedAway) {
  std::mt19937 random(2);
  constexpr int kMostRounds = 1000;
  int rounds = 0, closed = 0;
  const auto begin = Clock::now();
  while (Going(begin) && rounds++ < kMostRounds) {
    std::string noise(1 + random() % 4000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    RawHttp2 as_record(server_.address());
    as_record.Send("\x16\x03\x01" + RawHttp2::BigEndian(noise.size(), 2) + noise);
    // Noise may begin like a message that goes on, and then gets the ten seconds of a handshake.
    closed += as_record.ClosedWithin(std::chrono::milliseconds(200)) ? 1 : 0;
    RawHttp2 plain = Connect();  // HTTP/2 without TLS
    plain.Send(RawHttp2::Frame(RawHttp2::kHeaders, RawHttp2::kEndHeaders, 1, RawHttp2::CallHeaders(kEmbed)));
    EXPECT_TRUE(plain.ClosedWithin(std::chrono::seconds(10)));
  }
  EXPECT_GE(rounds, 5);
  EXPECT_GE(closed, 1);
}

TEST_F(TlsAbuseTest, HandshakesOneAfterTheOtherLeaveTheServerServing) {
  std::vector<std::thread> attackers;
  std::atomic<int> handshakes = 0;
  for (int i = 0; i < 4; ++i) {
    attackers.emplace_back([&, i] {
      const auto begin = Clock::now();
      for (int round = 0; Going(begin); ++round) {
        const auto channel = OwnChannel(server_.address(), 10'000 * (i + 1) + round, OfNobody());
        const auto within = std::chrono::system_clock::now() + std::chrono::seconds(10);
        handshakes += channel->WaitForConnected(within) ? 1 : 0;
      }
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_GE(handshakes, 10);
}

// gRPC hands over a whole message before anybody can say who sent it.
TEST_F(TlsAbuseTest, LargeMessagesOfNobodyAreRefusedAndNotKept) {
  most_growth_bytes_ = int64_t{700} << 20;
  v1::EmbedRequest large = ShortRequest();
  large.mutable_audio()->mutable_pcm()->set_samples(std::string(15 << 20, '\0'));
  std::vector<std::thread> attackers;
  std::atomic<int> refused = 0, taken = 0;
  for (int i = 0; i < 24; ++i) {
    attackers.emplace_back([&, i] {
      const auto stub = v1::InferenceService::NewStub(OwnChannel(server_.address(), 100 + i, OfNobody()));
      const auto begin = Clock::now();
      do {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        v1::EmbedResponse response;
        const grpc::Status status = stub->Embed(&context, large, &response);
        if (status.ok()) ++taken;
        if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) ++refused;
      } while (Going(begin));
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_EQ(taken, 0);
  EXPECT_GE(refused, 1);
}

}  // namespace
}  // namespace timbre
