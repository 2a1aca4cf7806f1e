// What gRPC brings is counted and logged like Timbre's own calls, and refused like them: by the example of
// health. SecuredServerTest walks all methods.
#include "server/rpc/builtin_calls.h"

#include <grpcpp/health_check_service_interface.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/observe/call_observer.h"
#include "server/observe/message_counter.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/rpc_status.h"

namespace timbre {
namespace {

namespace health = grpc::health::v1;

using ::testing::_;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;
using ::testing::Not;

// A server that has gRPC's health service alone, behind what the real one has before it.
class BuiltinCallsTest : public ::testing::Test {
 protected:
  BuiltinCallsTest() { ::testing::internal::CaptureStderr(); }
  ~BuiltinCallsTest() override {
    if (server_ != nullptr) Stop();
    EXPECT_THAT(base::ConfigureLog("info", "text"), testing::IsOk());
  }

  // `level`: of the log. `who`: null asks nobody.
  void Start(const char* level, const security::Authenticator* who) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(exporter_, metrics::Exporter::Start({}));
    log_ = std::make_unique<observe::CallLog>(exporter_->calls());
    EXPECT_THAT(base::ConfigureLog(level, "text"), testing::IsOk());
    gate_ = std::make_unique<security::Gate>(security::Gate::Options{.authenticator = who}, quotas_);
    environment_ =
        std::make_unique<rpc::CallEnvironment>(rpc::CallEnvironment{.observer = log_.get(), .gate = *gate_});
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(std::make_unique<rpc::BuiltinCallsFactory>(*environment_, calls_));
    interceptors.push_back(std::make_unique<observe::MessageCounterFactory>(exporter_->calls()));
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&other_);  // gRPC starts no server of health alone
    completion_ = builder.AddCompletionQueue();
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = health::Health::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }

  // Ends the server and returns what was logged.
  std::string Stop() {
    server_->Shutdown();
    completion_->Shutdown();
    void* tag = nullptr;
    for (bool ok = false; completion_->Next(&tag, &ok);) {
    }
    server_.reset();
    return ::testing::internal::GetCapturedStderr();
  }

  bool Counts(const char* counter, const char* method, const std::string& code, int count) const {
    const std::string labels =
        absl::StrCat("{", code.empty() ? "" : absl::StrCat("grpc_code=\"", code, "\","), "grpc_method=\"",
                     method, "\",grpc_service=\"grpc.health.v1.Health\"");
    const std::string text = exporter_->Text();
    const size_t at = text.find(absl::StrCat("grpc_server_", counter, "_total", labels));
    if (at == std::string::npos) return false;
    const std::string line = text.substr(at, text.find('\n', at) - at);
    return absl::EndsWith(line, absl::StrCat("} ", count));
  }

  std::unique_ptr<metrics::Exporter> exporter_;
  std::unique_ptr<observe::CallLog> log_;
  security::Quotas quotas_{{}};
  std::unique_ptr<security::Gate> gate_;
  std::unique_ptr<rpc::CallEnvironment> environment_;
  rpc::BuiltinCalls calls_;
  grpc::AsyncGenericService other_;
  std::unique_ptr<grpc::ServerCompletionQueue> completion_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<health::Health::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(BuiltinCallsTest, AHealthCheckIsCountedGetsItsIdAndIsOneLineAtDebug) {
  Start("debug", nullptr);
  EXPECT_TRUE(Counts("handled", "Check", "OK", 0));
  context_.AddMetadata("x-request-id", "probe-1");
  health::HealthCheckResponse response;
  ASSERT_THAT(stub_->Check(&context_, {}, &response), IsRpcOk());
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  const auto id = context_.GetServerInitialMetadata().find("x-request-id");
  ASSERT_NE(id, context_.GetServerInitialMetadata().end());
  EXPECT_EQ(std::string(id->second.data(), id->second.size()), "probe-1");
  EXPECT_TRUE(Counts("handled", "Check", "OK", 1));
  EXPECT_TRUE(Counts("started", "Check", "", 1));
  EXPECT_TRUE(Counts("msg_received", "Check", "", 1));
  EXPECT_TRUE(Counts("msg_sent", "Check", "", 1));
  const std::string log = Stop();
  EXPECT_THAT(log, HasSubstr("method=grpc.health.v1.Health/Check code=OK"));
  EXPECT_THAT(log, HasSubstr("request_id=probe-1"));
}

TEST_F(BuiltinCallsTest, AProbeDoesNotFillTheLog) {
  Start("info", nullptr);
  health::HealthCheckResponse response;
  ASSERT_THAT(stub_->Check(&context_, {}, &response), IsRpcOk());
  EXPECT_THAT(Stop(), Not(HasSubstr("Check")));
}

TEST_F(BuiltinCallsTest, ARefusedCallCountsAsRefusedAndIsSeenAtInfo) {
  const security::Authenticator tokens({.has_tokens = true});
  Start("info", &tokens);
  health::HealthCheckResponse response;
  EXPECT_THAT(stub_->Check(&context_, {}, &response), IsRpcError(grpc::StatusCode::UNAUTHENTICATED, _));
  EXPECT_TRUE(Counts("handled", "Check", "Unauthenticated", 1));
  const std::string log = Stop();
  EXPECT_TRUE(Counts("handled", "Check", "OK", 0));
  EXPECT_THAT(log, HasSubstr("method=grpc.health.v1.Health/Check code=UNAUTHENTICATED"));
}

TEST_F(BuiltinCallsTest, AnUnknownServiceIsToldAsTheHandlerTellsIt) {
  Start("info", nullptr);
  health::HealthCheckRequest request;
  request.set_service("no.such.Service");
  health::HealthCheckResponse response;
  EXPECT_THAT(stub_->Check(&context_, request, &response), IsRpcError(grpc::StatusCode::NOT_FOUND, _));
  EXPECT_TRUE(Counts("handled", "Check", "NotFound", 1));
  EXPECT_THAT(Stop(), HasSubstr("code=NOT_FOUND"));
}

TEST_F(BuiltinCallsTest, AWatchEndsInTheCountsWhenItsClientLeaves) {
  Start("debug", nullptr);
  const auto watch = stub_->Watch(&context_, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_TRUE(Counts("started", "Watch", "", 1));
  EXPECT_TRUE(Counts("handled", "Watch", "Canceled", 0));
  context_.TryCancel();
  EXPECT_TRUE(Eventually([&] { return Counts("handled", "Watch", "Canceled", 1); }));
}

TEST_F(BuiltinCallsTest, WatchesEndWhenTheServerSaysSo) {
  Start("debug", nullptr);
  const auto watch = stub_->Watch(&context_, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  calls_.Cancel(absl::UnavailableError("the server ends"));
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_THAT(watch->Finish(), IsRpcError(grpc::StatusCode::UNAVAILABLE, HasSubstr("the server ends")));
  EXPECT_TRUE(Eventually([&] { return Counts("handled", "Watch", "Canceled", 1); }));
}

}  // namespace
}  // namespace timbre
