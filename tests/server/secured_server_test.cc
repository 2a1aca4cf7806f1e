#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "server/rpc/methods.h"
#include "server/security/gate.h"
#include "tests/support/certificates.h"
#include "tests/support/in_process_server.h"
#include "tests/support/published_model.h"
#include "tests/support/raw_http2.h"
#include "tests/support/rpc_status.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/token_line.h"
#include "tests/support/wav.h"

namespace timbre {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsRpcError;
using ::timbre::testing::IsRpcOk;

// One call of any method, with an empty message.
grpc::Status CallPath(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                      const std::string& token, std::chrono::milliseconds within = std::chrono::seconds(20)) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + within);
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  grpc::Status status;
  stub.UnaryCall(&context, path, {}, &request, &response, [&](const grpc::Status& result) {
    const std::lock_guard lock(mutex);
    status = result;
    done = true;
    ended.notify_one();
  });
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return done; });
  return status;
}

std::vector<std::string> AllMethods() {
  std::vector<std::string> paths = {"/no.such.Service/Method"};
  for (const auto* methods : {&rpc::TimbreMethods(), &rpc::BuiltinMethods()}) {
    for (const rpc::Method& method : *methods) paths.push_back(method.path());
  }
  return paths;
}

class SecuredServerTest : public ::testing::Test {
 protected:
  // Tokens "infer-token", "train-token", "admin-token".
  void WantTokens() {
    const std::filesystem::path file = folder_.path() / "tokens";
    std::ofstream out(file);
    for (const char* role : {"infer", "train", "admin"}) {
      out << testing::TokenLine(absl::StrCat(role, "-client"), role, absl::StrCat(role, "-token"));
    }
    server_.settings().tokens_file = file;
    server_.settings().channelz = true;  // else its methods are not there to be refused
  }

  v1::CallerInfo WhoAmI(const std::string& token, const std::string& name = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    if (!name.empty()) context.AddMetadata("timbre-client", name);
    v1::GetInfoResponse response;
    EXPECT_THAT(server_.inference->GetInfo(&context, {}, &response), IsRpcOk());
    return response.caller();
  }

  testing::TempDir folder_;
  testing::InProcessServer server_;
};

TEST_F(SecuredServerTest, NoMethodOfAnyServiceAnswersWhoShowsNoToken) {
  WantTokens();
  server_.Start();
  for (const std::string& path : AllMethods()) {
    if (path == "/no.such.Service/Method") continue;  // nothing answers there, and nothing is asked
    EXPECT_THAT(CallPath(server_.channel(), path, ""),
                IsRpcError(grpc::StatusCode::UNAUTHENTICATED, HasSubstr("token")))
        << path;
    EXPECT_THAT(CallPath(server_.channel(), path, "guess"),
                IsRpcError(grpc::StatusCode::UNAUTHENTICATED, HasSubstr("does not know")))
        << path;
  }
}

// Whatever a client calls, it is answered; gRPC hands the path on as it came.
TEST_F(SecuredServerTest, APathThatIsNoneEndsNoServer) {
  server_.Start();
  for (const char* path : {"", "/", "x", "//", "JobService/GetJob", "/JobService/GetJob", "/timbre.v1.Nope/X",
                           "/timbre.v1.JobService", "/timbre.v1.JobService/"}) {
    EXPECT_THAT(CallPath(server_.channel(), path, ""), IsRpcError(grpc::StatusCode::UNIMPLEMENTED, _))
        << path;
  }
  WhoAmI("");
}

TEST_F(SecuredServerTest, ATokenForEmbeddingsNeitherTrainsNorAdministers) {
  WantTokens();
  server_.Start();
  for (const std::string& path : AllMethods()) {
    for (const auto& [token, role] :
         {std::pair("infer-token", security::Role::kInfer), {"train-token", security::Role::kTrain}}) {
      const bool allowed = security::RequiredRole(path) <= role;
      // What is allowed need not be answered: a stream would wait for more.
      const grpc::Status status =
          CallPath(server_.channel(), path, token,
                   allowed ? std::chrono::milliseconds(100) : std::chrono::seconds(20));
      EXPECT_EQ(status.error_code() != grpc::StatusCode::PERMISSION_DENIED, allowed) << token << " " << path;
    }
  }
}

TEST_F(SecuredServerTest, TheServerSaysForWhomItTakesTheCaller) {
  WantTokens();
  server_.settings().quotas.clients["train-client"] = {.requests_per_second = 50, .jobs = 7};
  server_.Start();
  const v1::CallerInfo caller = WhoAmI("train-token", "somebody else");
  EXPECT_EQ(caller.client(), "train-client");  // whatever name it gives itself
  EXPECT_THAT(caller.roles(), ElementsAre("infer", "train"));
  EXPECT_EQ(caller.max_requests_per_second(), 50);
  EXPECT_EQ(caller.max_jobs(), 7);
}

TEST_F(SecuredServerTest, AnOpenServerTakesTheNameThatAClientGivesItself) {
  server_.Start();
  EXPECT_EQ(WhoAmI("", "batch-job").client(), "batch-job");
  EXPECT_THAT(WhoAmI("").client(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(WhoAmI("").roles(), ElementsAre("infer", "train", "admin"));
}

TEST_F(SecuredServerTest, ACertificateMakesAClientKnown) {
  const testing::TestAuthority authority("Test CA");
  const auto write = [this](const char* name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  };
  const testing::IssuedCertificate own =
      authority.Issue({.common_name = "server", .alternative_names = "DNS:timbre.test"});
  server_.settings().tls =
      security::TlsFiles{write("c.pem", own.certificate), write("k.pem", own.private_key),
                         write("ca.pem", authority.certificate()), false};
  security::RoleSet roles;
  roles.Add(security::Role::kInfer);
  server_.settings().certificate_clients["uri:spiffe://test/gateway"] = {"gateway", roles};
  server_.Start();

  const testing::IssuedCertificate gateway =
      authority.Issue({.common_name = "x", .alternative_names = "URI:spiffe://test/gateway"});
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, "timbre.test");
  const auto stub = v1::InferenceService::NewStub(grpc::CreateCustomChannel(
      server_.app().address(),
      grpc::SslCredentials({authority.certificate(), gateway.private_key, gateway.certificate}), arguments));
  v1::GetInfoResponse info;
  ASSERT_THAT(testing::Call(*stub, &v1::InferenceService::Stub::GetInfo, {}, &info), IsRpcOk());
  EXPECT_EQ(info.caller().client(), "gateway");
}

TEST_F(SecuredServerTest, TooManyCallsAreRefusedWithTheTimeToWait) {
  server_.settings().quotas.each.requests_per_second = 0.2;  // two at once
  server_.Start();
  grpc::Status status;
  v1::GetInfoResponse info;
  for (int i = 0; i < 3; ++i)
    status = testing::Call(*server_.inference, &v1::InferenceService::Stub::GetInfo, {}, &info);
  EXPECT_THAT(status, IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("0.2 a second")));
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(testing::ExtractDetail(status, &retry));
  EXPECT_GT(retry.retry_delay().seconds(), 2);
}

TEST_F(SecuredServerTest, CallsOfReflectionCountAmongTheCallersAndHealthIsAlwaysAnswered) {
  server_.settings().quotas.each.requests_per_second = 0.2;  // two at once
  server_.Start();
  const auto channel = grpc::CreateChannel(server_.app().address(), grpc::InsecureChannelCredentials());
  const char* const reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  for (int i = 0; i < 3; ++i) EXPECT_THAT(CallPath(channel, "/grpc.health.v1.Health/Check", ""), IsRpcOk());
  for (int i = 0; i < 2; ++i) EXPECT_THAT(CallPath(channel, reflection, ""), IsRpcOk());
  EXPECT_THAT(CallPath(channel, reflection, ""),
              IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("0.2 a second")));
}

TEST_F(SecuredServerTest, AClientsUnfinishedJobsAreCountedAndDifferentClientsDoNotShareThem) {
  server_.settings().quotas.each.jobs = 1;
  WantTokens();
  server_.Start();
  testing::WriteAudio(server_.data_root() / "a" / "c.wav", testing::Sine(200, 0.4, 70000));
  const auto create = [this](const std::string& id, const std::string& token) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    request.set_path("a");
    v1::CreateDatasetResponse response;
    return server_.datasets->CreateDataset(&context, request, &response);
  };
  // The files lane runs one after another: of ten jobs submitted in a row not all have ended.
  grpc::Status refused;
  for (int i = 0; i < 200 && refused.ok(); ++i) refused = create(absl::StrCat("d", i), "train-token");
  EXPECT_THAT(refused, IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                  HasSubstr("client 'train-client' has 1 jobs")));
  EXPECT_THAT(create("other", "admin-token"), IsRpcOk());
}

TEST_F(SecuredServerTest, ACompressedMessageIsRefusedBeforeItIsInflated) {
  server_.Start();
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::EmbedRequest request;
  request.mutable_audio()->set_encoded(std::string(1 << 20, '\0'));
  v1::EmbedResponse response;
  EXPECT_THAT(server_.inference->Embed(&context, request, &response),
              IsRpcError(grpc::StatusCode::UNIMPLEMENTED, HasSubstr("gzip")));
}

TEST_F(SecuredServerTest, ASilentStreamEndsWhenItsTimeIsUp) {
  server_.settings().max_stream = absl::Milliseconds(200);
  server_.Start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const auto stream = server_.inference->EmbedStream(&context);
  v1::EmbedStreamResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_THAT(stream->Finish(),
              IsRpcError(grpc::StatusCode::DEADLINE_EXCEEDED, HasSubstr("max_stream_seconds")));
  // And an upload.
  grpc::ClientContext upload_context;
  upload_context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::UploadDatasetResponse uploaded;
  const auto upload = server_.datasets->UploadDataset(&upload_context, &uploaded);
  EXPECT_THAT(upload->Finish(), IsRpcError(grpc::StatusCode::DEADLINE_EXCEEDED, _));
}

TEST_F(SecuredServerTest, TooMuchMetadataIsRefused) {
  server_.settings().max_metadata_bytes = 2048;
  server_.Start();
  grpc::ClientContext context;
  context.AddMetadata("x-much", std::string(10'000, 'x'));
  v1::GetInfoResponse info;
  EXPECT_THAT(server_.inference->GetInfo(&context, {}, &info),
              IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, _));
  // On a connection of its own: gRPC may close the one that the metadata came on, when they came in pieces.
  grpc::ChannelArguments arguments;
  arguments.SetInt("timbre.test.channel", -1);
  const auto other = v1::InferenceService::NewStub(
      grpc::CreateCustomChannel(server_.app().address(), grpc::InsecureChannelCredentials(), arguments));
  v1::GetInfoResponse again;
  EXPECT_THAT(testing::Call(*other, &v1::InferenceService::Stub::GetInfo, {}, &again), IsRpcOk());
}

// Headers that no client library would send. gRPC keeps the first for itself, and a filter that copies it
// ends the process (the one under an AuthMetadataProcessor does); the others must not be sent back as they
// came.
TEST_F(SecuredServerTest, AHeaderOfAnyBytesEndsNoServer) {
  WantTokens();
  server_.Start();
  using testing::RawHttp2;
  const std::string trace =
      RawHttp2::Header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  const std::string bytes = "a=\x80\xff\x01";
  for (const std::string& header : {
           RawHttp2::Header("grpclb_client_stats", "x"),
           trace + RawHttp2::Header("tracestate", bytes),
           RawHttp2::Header("traceparent", bytes),
           RawHttp2::Header("x-request-id", bytes),
           RawHttp2::Header("timbre-client", bytes),
           RawHttp2::Header("timbre-priority", bytes),
           RawHttp2::Header("authorization", "Bearer " + bytes),
           RawHttp2::Header("user-agent", bytes),
       }) {
    for (const char* path : {"/timbre.v1.InferenceService/GetInfo", "/grpc.health.v1.Health/Check"}) {
      RawHttp2 connection(server_.app().address());
      connection.Send(RawHttp2::Preface() + RawHttp2::Frame(RawHttp2::kSettings, 0, 0, "") +
                      RawHttp2::Frame(RawHttp2::kHeaders, RawHttp2::kEndHeaders, 1,
                                      RawHttp2::CallHeaders(path) + header) +
                      RawHttp2::Frame(RawHttp2::kData, RawHttp2::kEndStream, 1, std::string(5, '\0')));
      // The answer names the status: the call went through the server.
      EXPECT_TRUE(connection.Hears("token", std::chrono::seconds(20))) << path << " " << header;
    }
  }
  EXPECT_EQ(WhoAmI("infer-token").client(), "infer-client");
}

TEST_F(SecuredServerTest, WhereCallersAreKnownAnAnonymousOneHasNoNameOfItsOwn) {
  WantTokens();
  server_.settings().anonymous_roles.Add(security::Role::kInfer);
  server_.Start();
  EXPECT_THAT(WhoAmI("", "train-client").client(), HasSubstr("127.0.0.1"));
}

TEST(AddressOfTest, AnAccountIsAnAddressOfIpv4OrANetOfIpv6) {
  EXPECT_EQ(security::AddressOf("ipv4:10.1.2.3:4711"), "ipv4:10.1.2.3");
  EXPECT_EQ(security::AddressOf("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:4711"), "ipv6:2001:db8:1:2::/64");
  EXPECT_EQ(security::AddressOf("ipv6:[2001:db8:1:2::9]:4711"), "ipv6:2001:db8:1:2::/64");
  EXPECT_EQ(security::AddressOf("unix:"), "unix");
}

}  // namespace
}  // namespace timbre
