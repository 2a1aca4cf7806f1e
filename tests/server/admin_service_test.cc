// What operators ask: backups, the log level, channelz, and a port for probes that has health alone.
#include <google/protobuf/empty.pb.h>
#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "core/store/database.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/support/in_process_server.h"
#include "tests/support/rpc_status.h"

namespace timbre {
namespace {

namespace health = grpc::health::v1;

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

class AdminServiceTest : public ::testing::Test {
 protected:
  grpc::Status Backup(const std::string& name, v1::BackupResponse* response) {
    v1::BackupRequest request;
    request.set_file_name(name);
    return Call(*server_.admin, &v1::AdminService::Stub::Backup, request, response);
  }

  testing::InProcessServer server_;
};

// Calls a unary method by its path with an empty request. What comes back is kept as unknown fields.
grpc::Status CallByPath(const std::string& address, const std::string& path,
                        google::protobuf::Empty* response) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::TemplatedGenericStub<google::protobuf::Empty, google::protobuf::Empty> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const google::protobuf::Empty request;
  std::promise<grpc::Status> status;
  stub.UnaryCall(&context, path, {}, &request, response,
                 [&status](const grpc::Status& ended) { status.set_value(ended); });
  return status.get_future().get();
}

// What a client that watches health hears. It waits for a minute at most.
class HealthWatch {
 public:
  explicit HealthWatch(const std::string& address)
      : stub_(health::Health::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    watch_ = stub_->Watch(&context_, health::HealthCheckRequest());
  }

  // Nothing once the server has ended it.
  std::optional<health::HealthCheckResponse::ServingStatus> Next() {
    health::HealthCheckResponse response;
    if (!watch_->Read(&response)) return std::nullopt;
    return response.status();
  }

  grpc::Status Finish() { return watch_->Finish(); }

 private:
  const std::unique_ptr<health::Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<health::HealthCheckResponse>> watch_;
};

TEST_F(AdminServiceTest, ABackupIsADatabaseThatOpens) {
  server_.Start();
  v1::BackupResponse response;
  ASSERT_THAT(Backup("monday.db", &response), IsRpcOk());
  const std::filesystem::path file = server_.state_dir() / "backups" / "monday.db";
  EXPECT_EQ(response.size_bytes(), std::filesystem::file_size(file));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto copy, store::Database::Open(file));
  EXPECT_THAT(copy->Read([](SQLite::Database& db) {
    EXPECT_TRUE(db.tableExists("jobs"));
    return absl::OkStatus();
  }),
              testing::IsOk());
}

TEST_F(AdminServiceTest, ABackupOverwritesNothing) {
  server_.Start();
  v1::BackupResponse response;
  ASSERT_THAT(Backup("a.db", &response), IsRpcOk());
  EXPECT_THAT(Backup("a.db", &response), IsRpcError(grpc::StatusCode::ALREADY_EXISTS, HasSubstr("a.db")));
}

TEST_F(AdminServiceTest, ABackupsNameLeadsNowhereElse) {
  server_.Start();
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../timbre.db"),
        std::string("/etc/passwd"), std::string("a/b"), std::string(".hidden"), std::string("a\0b", 3),
        std::string("a b"), std::string(200, 'x')}) {
    v1::BackupResponse response;
    EXPECT_THAT(Backup(name, &response),
                IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("file_name")))
        << name;
  }
  EXPECT_FALSE(std::filesystem::exists(server_.state_dir() / "backups"));
}

TEST_F(AdminServiceTest, AServerThatNobodyCanEndSaysSo) {
  server_.Start();
  v1::DrainResponse response;
  EXPECT_THAT(Call(*server_.admin, &v1::AdminService::Stub::Drain, v1::DrainRequest(), &response),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("SIGTERM")));
}

TEST_F(AdminServiceTest, DrainAsksForTheEnd) {
  std::promise<void> asked;
  server_.Start([&asked] { asked.set_value(); });
  v1::DrainResponse response;
  ASSERT_THAT(Call(*server_.admin, &v1::AdminService::Stub::Drain, v1::DrainRequest(), &response), IsRpcOk());
  EXPECT_EQ(asked.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

// Else this test, and each restart, would last as long as the server may wait for calls that it has taken.
TEST_F(AdminServiceTest, AClientThatWatchesHealthHearsOfTheEndAndDoesNotHoldItUp) {
  server_.settings().drain_grace = absl::Hours(1);
  server_.Start();
  HealthWatch watch(server_.app().address());
  EXPECT_EQ(watch.Next(), health::HealthCheckResponse::SERVING);
  std::thread drain([this] { server_.app().Drain(); });
  EXPECT_EQ(watch.Next(), health::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch.Next(), std::nullopt);
  drain.join();
  EXPECT_THAT(watch.Finish(), IsRpcError(grpc::StatusCode::UNAVAILABLE, ::testing::_));
}

TEST_F(AdminServiceTest, AnUnknownLogLevelIsRefused) {
  server_.Start();
  v1::SetLogLevelRequest request;
  request.set_level("loud");
  v1::SetLogLevelResponse response;
  EXPECT_THAT(Call(*server_.admin, &v1::AdminService::Stub::SetLogLevel, request, &response),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("debug")));
}

TEST_F(AdminServiceTest, ChannelzAnswersWhereItIsSwitchedOnAndOnlyThere) {
  server_.settings().channelz = true;
  server_.Start();
  google::protobuf::Empty servers;
  ASSERT_THAT(CallByPath(server_.app().address(), "/grpc.channelz.v1.Channelz/GetServers", &servers),
              IsRpcOk());
  // GetServersResponse.server = 1, end = 2.
  const auto& fields = *servers.GetReflection()->MutableUnknownFields(&servers);
  ASSERT_GT(fields.field_count(), 0);
  EXPECT_EQ(fields.field(0).number(), 1);

  testing::InProcessServer without;
  without.Start();
  EXPECT_THAT(CallByPath(without.app().address(), "/grpc.channelz.v1.Channelz/GetServers", &servers),
              IsRpcError(grpc::StatusCode::UNIMPLEMENTED, ::testing::_));
}

TEST_F(AdminServiceTest, ReflectionAnswersUnlessItIsSwitchedOff) {
  // A stream, to which one empty request is an error in the answer.
  const char* const path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  server_.Start();
  google::protobuf::Empty answer;
  EXPECT_THAT(CallByPath(server_.app().address(), path, &answer), IsRpcOk());
  testing::InProcessServer without;
  without.settings().reflection = false;
  without.Start();
  EXPECT_THAT(CallByPath(without.app().address(), path, &answer),
              IsRpcError(grpc::StatusCode::UNIMPLEMENTED, ::testing::_));
}

TEST_F(AdminServiceTest, TheHealthPortAnswersHealthAndNothingElse) {
  server_.settings().health_address = "127.0.0.1:0";
  server_.settings().channelz = true;
  server_.Start();
  const std::string address = server_.app().health_address();
  ASSERT_NE(address, server_.app().address());
  const auto stub = health::Health::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  health::HealthCheckResponse response;
  ASSERT_THAT(Call(*stub, &health::Health::Stub::Check, health::HealthCheckRequest(), &response), IsRpcOk());
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  for (const char* path : {"/timbre.v1.InferenceService/GetInfo", "/timbre.v1.AdminService/Drain",
                           "/grpc.channelz.v1.Channelz/GetServers",
                           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    google::protobuf::Empty empty;
    EXPECT_THAT(CallByPath(address, path, &empty), IsRpcError(grpc::StatusCode::UNIMPLEMENTED, ::testing::_))
        << path;
  }
}

TEST_F(AdminServiceTest, HealthIsToldOfEachServiceByName) {
  server_.Start();
  const auto stub = health::Health::NewStub(
      grpc::CreateChannel(server_.app().address(), grpc::InsecureChannelCredentials()));
  health::HealthCheckRequest request;
  health::HealthCheckResponse response;
  for (const char* service :
       {"", "timbre.v1.InferenceService", "timbre.v1.JobService", "timbre.v1.DatasetService",
        "timbre.v1.ModelService", "timbre.v1.AdminService"}) {
    request.set_service(service);
    ASSERT_THAT(Call(*stub, &health::Health::Stub::Check, request, &response), IsRpcOk()) << service;
    EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING) << service;
  }
  request.set_service("timbre.v1.NoService");
  EXPECT_THAT(Call(*stub, &health::Health::Stub::Check, request, &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, ::testing::_));
}

TEST_F(AdminServiceTest, TheHealthPortSaysNotServingWhileTheServerDrains) {
  server_.settings().health_address = "127.0.0.1:0";
  server_.Start();
  HealthWatch watch(server_.app().health_address());
  EXPECT_EQ(watch.Next(), health::HealthCheckResponse::SERVING);
  std::thread drain([this] { server_.app().Drain(); });
  EXPECT_EQ(watch.Next(), health::HealthCheckResponse::NOT_SERVING);
  drain.join();
}

TEST_F(AdminServiceTest, AHealthPortThatIsTakenStopsTheStart) {
  server_.settings().health_address = "127.0.0.1:0";
  server_.Start();
  testing::InProcessServer second;
  second.settings().health_address = server_.app().health_address();
  EXPECT_THAT(app::App::Start(second.settings()),
              testing::StatusIs(absl::StatusCode::kUnavailable, HasSubstr("health_address")));
}

}  // namespace
}  // namespace timbre
