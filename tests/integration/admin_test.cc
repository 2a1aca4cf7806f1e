// Administration of a real process.
#include "tests/support/rpc_status.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "timbre/v1/admin_service.grpc.pb.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre {
namespace {

using testing::IsRpcOk;

TEST(AdminTest, DrainIsAnsweredAndEndsTheProcessAsSigtermDoes) {
  const testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  server.Start();
  const auto admin = v1::AdminService::NewStub(server.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  v1::DrainResponse response;
  EXPECT_THAT(admin->Drain(&context, {}, &response), IsRpcOk());
  EXPECT_EQ(server.Wait(), 0);
  std::ifstream file(folder.path() / "timbred.log");
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, ::testing::HasSubstr("AdminService/Drain code=OK"));
  EXPECT_THAT(log, ::testing::HasSubstr("info drained"));
}

}  // namespace
}  // namespace timbre
