// What serve_bench.py needs beside timbred and timbre:
//   serve_bench checkpoint FILE        writes an encoder of seeded weights that `timbre model import` takes
//   serve_bench echo                   a bare gRPC echo (callback API, raw bytes) on a free port of
//   127.0.0.1:
//                                      prints its address and serves until its input ends
//   serve_bench ask ADDRESS SECONDS    asks the echo as `timbre bench --concurrency 1` asks a server, with
//   the
//                                      same bytes (one window of PCM), and prints the same figures

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/bench/grpc_target.h"
#include "client/bench/json.h"
#include "client/bench/load.h"
#include "core/weights/tensor_file.h"
#include "tests/support/hashed_weights.h"
#include "timbre/v1/inference_service.grpc.pb.h"
#include "timbre/v1/model_service.grpc.pb.h"

namespace timbre::bench {
namespace {

// Answers with the very bytes that came: nothing is parsed, nothing is copied.
class Echo final : public v1::InferenceService::WithRawCallbackMethod_Embed<v1::InferenceService::Service> {
 public:
  grpc::ServerUnaryReactor* Embed(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override {
    *response = *request;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int WriteCheckpoint(const std::string& path) {
  weights::TensorMap named;
  for (auto& [name, tensor] : testing::HashedSampleCnn()) named[absl::StrCat("encoder.", name)] = tensor;
  const absl::Status status = weights::WriteTensorFile(path, named);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

int ServeEcho() {
  Echo echo;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "127.0.0.1:" << port << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

int Ask(const std::string& address, double seconds, double rps) {
  Question question = *MakeQuestion({});
  question.read = {};
  GrpcTarget target(std::move(question), {.server = address});
  if (const Reply first = target.Ask(); !first.status.ok()) {
    std::cerr << first.status << "\n";
    return 1;
  }
  SteadyTimeline timeline;
  const LoadPlan plan{.rps = rps,
                      .arrivals = Arrivals::kConstant,
                      .warmup = absl::Seconds(0.5),
                      .duration = absl::Seconds(seconds)};
  std::cout << ToJson(Summarise(RunLoad(plan, target, timeline))) << "\n";
  return 0;
}

// Moves the label between the two versions of the model m, `count` times in `seconds`.
int Promote(const std::string& address, int count, double seconds) {
  const auto stub =
      v1::ModelService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const absl::Time begin = absl::Now();
  int failed = 0;
  absl::Duration busy;
  for (int i = 0; i < count; ++i) {
    absl::SleepFor(begin + absl::Seconds(seconds * i / count) - absl::Now());
    const absl::Time asked = absl::Now();
    grpc::ClientContext context;
    v1::SetLabelRequest request;
    request.set_model_version(absl::StrCat("models/m/versions/", 1 + i % 2));
    v1::SetLabelResponse response;
    if (!stub->SetLabel(&context, request, &response).ok()) ++failed;
    busy += absl::Now() - asked;
  }
  std::cout << "{\"promotes\": " << count << ", \"failed\": " << failed
            << ", \"mean_ms\": " << absl::ToDoubleMilliseconds(busy) / count << "}" << std::endl;
  return 0;
}

}  // namespace
}  // namespace timbre::bench

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "checkpoint" && argc == 3) return timbre::bench::WriteCheckpoint(argv[2]);
  if (role == "echo" && argc == 2) return timbre::bench::ServeEcho();
  if (role == "ask" && argc == 5) return timbre::bench::Ask(argv[2], std::atof(argv[3]), std::atof(argv[4]));
  if (role == "promote" && argc == 5)
    return timbre::bench::Promote(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  std::cerr
      << "serve_bench checkpoint FILE | echo | ask ADDRESS SECONDS RPS | promote ADDRESS COUNT SECONDS\n";
  return 2;
}
