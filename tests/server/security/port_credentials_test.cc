#include "server/security/port_credentials.h"

#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <semaphore>

#include "absl/strings/str_cat.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/rpc_status.h"
#include "tests/support/temp_dir.h"
#include "tests/support/token_line.h"

namespace timbre::security {
namespace {

namespace health = grpc::health::v1;
using ::testing::_;
using ::testing::HasSubstr;
using ::timbre::testing::IsRpcError;
using ::timbre::testing::IsRpcOk;
using ::timbre::testing::StatusIs;

class Reloads final : public Observer {
 public:
  void OnReload(bool well) override { (well ? well_ : badly_).release(); }
  void WaitForGood() { well_.acquire(); }
  void WaitForBad() { badly_.acquire(); }

 private:
  std::counting_semaphore<> well_{0}, badly_{0};
};

// A server that has nothing but gRPC's health service, and clients of it.
class PortCredentialsTest : public ::testing::Test {
 protected:
  // A folder as Kubernetes mounts secrets: a link that is swapped.
  void Install(const testing::IssuedCertificate& pair, const std::string& authorities) {
    const std::filesystem::path fresh = folder_.path() / absl::StrCat("v", ++installed_);
    std::filesystem::create_directory(fresh);
    std::ofstream(fresh / "tls.crt") << pair.certificate;
    std::ofstream(fresh / "tls.key") << pair.private_key;
    std::ofstream(fresh / "ca.crt") << authorities;
    std::filesystem::create_directory_symlink(fresh, folder_.path() / "next");
    std::filesystem::rename(folder_.path() / "next", folder_.path() / "tls");
  }

  PortCredentials::Options TlsOptions(bool ask, bool require = false) {
    const std::filesystem::path tls = folder_.path() / "tls";
    PortCredentials::Options options;
    options.tls = TlsFiles{tls / "tls.crt", tls / "tls.key", ask ? tls / "ca.crt" : "", require};
    options.observer = &reloads_;
    options.interval = absl::Milliseconds(10);
    return options;
  }

  void Serve(const PortCredentials::Options& options) {
    grpc::EnableDefaultHealthCheckService(true);
    TIMBRE_ASSERT_OK_AND_ASSIGN(credentials_, PortCredentials::Create(options));
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials_->grpc(), &port_);
    builder.RegisterCallbackGenericService(&nothing_);  // gRPC starts no server without a service
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }

  // A connection of its own.
  std::unique_ptr<health::Health::Stub> Client(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, "timbre.test");
    return health::Health::NewStub(
        grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_), credentials, arguments));
  }
  std::unique_ptr<health::Health::Stub> TlsClient(const testing::TestAuthority& trusted,
                                                  const testing::IssuedCertificate& own = {}) const {
    return Client(grpc::SslCredentials({trusted.certificate(), own.private_key, own.certificate}));
  }

  static grpc::Status Check(health::Health::Stub& stub, const std::string& authorization = "") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    health::HealthCheckResponse response;
    return stub.Check(&context, {}, &response);
  }

  // gRPC looks at the staged files once a second; new connections are made until one is as wanted.
  static bool Eventually(const std::function<bool()>& wanted) {
    return testing::Eventually(wanted, absl::Milliseconds(50));
  }

  testing::IssuedCertificate ServerPair(const testing::TestAuthority& authority) const {
    return authority.Issue({.common_name = "server", .alternative_names = "DNS:timbre.test"});
  }

  testing::TempDir folder_;
  const testing::TestAuthority authority_{"First CA"};
  const testing::TestAuthority second_{"Second CA"};
  Reloads reloads_;
  int installed_ = 0;
  int port_ = 0;
  grpc::CallbackGenericService nothing_;
  std::unique_ptr<PortCredentials> credentials_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(PortCredentialsTest, OnlyWhoSpeaksTlsAndTrustsTheServerGetsThrough) {
  Install(ServerPair(authority_), "");
  Serve(TlsOptions(/*ask=*/false));
  EXPECT_THAT(Check(*TlsClient(authority_)), IsRpcOk());
  EXPECT_THAT(Check(*TlsClient(second_)), IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
  EXPECT_THAT(Check(*Client(grpc::InsecureChannelCredentials())),
              IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
}

TEST_F(PortCredentialsTest, ARequiredClientCertificateMustBeOneOfTheAuthorities) {
  Install(ServerPair(authority_), authority_.certificate());
  Serve(TlsOptions(/*ask=*/true, /*require=*/true));
  EXPECT_THAT(Check(*TlsClient(authority_, authority_.Issue({.common_name = "c", .alternative_names = ""}))),
              IsRpcOk());
  EXPECT_THAT(Check(*TlsClient(authority_)), IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
  EXPECT_THAT(Check(*TlsClient(authority_, second_.Issue({.common_name = "c", .alternative_names = ""}))),
              IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
}

TEST_F(PortCredentialsTest, ACertificateThatWasSwappedServesNewConnectionsAndOldStreamsGoOn) {
  Install(ServerPair(authority_), "");
  Serve(TlsOptions(/*ask=*/false));
  const auto old_client = TlsClient(authority_);
  grpc::ClientContext context;
  const auto stream = old_client->Watch(&context, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));

  Install(ServerPair(second_), "");
  reloads_.WaitForGood();
  EXPECT_TRUE(Eventually([&] { return Check(*TlsClient(second_)).ok(); }));
  EXPECT_THAT(Check(*TlsClient(authority_)), IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
  server_->GetHealthCheckService()->SetServingStatus(false);
  ASSERT_TRUE(stream->Read(&response));  // on the connection of before
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
}

TEST_F(PortCredentialsTest, AClientAuthorityThatWasSwappedAdmitsItsOwnAndOldStreamsGoOn) {
  Install(ServerPair(authority_), authority_.certificate());
  Serve(TlsOptions(/*ask=*/true, /*require=*/true));
  const auto of_first = authority_.Issue({.common_name = "a", .alternative_names = ""}),
             of_second = second_.Issue({.common_name = "b", .alternative_names = ""});
  const auto old_client = TlsClient(authority_, of_first);
  grpc::ClientContext context;
  const auto stream = old_client->Watch(&context, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(Check(*TlsClient(authority_, of_second)), IsRpcError(grpc::StatusCode::UNAVAILABLE, _));

  Install(ServerPair(authority_), second_.certificate());
  reloads_.WaitForGood();
  EXPECT_TRUE(Eventually([&] { return Check(*TlsClient(authority_, of_second)).ok(); }));
  EXPECT_THAT(Check(*TlsClient(authority_, of_first)), IsRpcError(grpc::StatusCode::UNAVAILABLE, _));
  server_->GetHealthCheckService()->SetServingStatus(false);
  ASSERT_TRUE(stream->Read(&response));  // on the connection of before
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
}

TEST_F(PortCredentialsTest, APairThatDoesNotFitChangesNothing) {
  Install(ServerPair(authority_), "");
  Serve(TlsOptions(/*ask=*/false));
  Install({ServerPair(second_).certificate, ServerPair(second_).private_key}, "");
  reloads_.WaitForBad();
  EXPECT_THAT(Check(*TlsClient(authority_)), IsRpcOk());
  Install(ServerPair(second_), "");
  reloads_.WaitForGood();
  EXPECT_TRUE(Eventually([&] { return Check(*TlsClient(second_)).ok(); }));
}

TEST_F(PortCredentialsTest, FilesThatCannotBeUsedAreSaidAtTheStart) {
  Install({"no", "no"}, "");
  EXPECT_THAT(PortCredentials::Create(TlsOptions(false)).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tls.crt")));
}

TEST_F(PortCredentialsTest, TokensFollowTheirFile) {
  const auto line = [](const std::string& token) { return testing::TokenLine("radio", "infer", token); };
  const auto write = [this](const std::string& text) {
    std::ofstream(folder_.path() / "fresh") << text;
    std::filesystem::rename(folder_.path() / "fresh", folder_.path() / "tokens");
  };
  write(line("one"));
  Authenticator authenticator({.has_tokens = true});
  PortCredentials::Options options;
  options.tokens_file = folder_.path() / "tokens";
  options.authenticator = &authenticator;
  options.observer = &reloads_;
  options.interval = absl::Milliseconds(10);
  TIMBRE_ASSERT_OK_AND_ASSIGN(credentials_, PortCredentials::Create(options));
  EXPECT_TRUE(authenticator.Identify({"Bearer one", {}}).ok());
  write(line("two"));
  reloads_.WaitForGood();
  EXPECT_FALSE(authenticator.Identify({"Bearer one", {}}).ok());
  EXPECT_TRUE(authenticator.Identify({"Bearer two", {}}).ok());
  write("nonsense");
  reloads_.WaitForBad();
  EXPECT_TRUE(authenticator.Identify({"Bearer two", {}}).ok());
}

}  // namespace
}  // namespace timbre::security
