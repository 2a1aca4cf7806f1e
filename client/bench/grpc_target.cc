#include "client/bench/grpc_target.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "absl/time/clock.h"
#include "client/status.h"

namespace timbre::bench {
namespace {

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  text.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

// A call in flight.
struct Call {
  std::optional<grpc::ClientContext> context{std::in_place};
  grpc::ByteBuffer response;
  Target::Done done;
};

using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

}  // namespace

class GrpcTarget::Impl {
 public:
  Impl(Question question, const GrpcTargetOptions& options)
      : method_(std::move(question.method)),
        read_(std::move(question.read)),
        deadline_(options.deadline),
        traceparent_(options.traceparent) {
    for (const std::string& request : question.requests) {
      const grpc::Slice slice(request);
      requests_.emplace_back(&slice, 1);
    }
    for (int i = 0; i < options.channels; ++i) {
      const client::Connection connection =
          client::Connect({.server = options.server, .credentials = options.credentials, .separate = true});
      stubs_.push_back(std::make_unique<Stub>(connection.channel));
    }
  }

  ~Impl() {
    CancelAll();
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return calls_.empty(); });
  }

  void Send(Done done) {
    const auto call = std::make_shared<Call>();
    call->done = std::move(done);
    call->context->set_deadline(absl::ToChronoTime(absl::Now() + deadline_));
    if (!traceparent_.empty()) call->context->AddMetadata("traceparent", traceparent_);
    {
      std::lock_guard lock(mutex_);
      calls_.insert(call);
    }
    const size_t turn = turn_++;
    stubs_[turn % stubs_.size()]->UnaryCall(&*call->context, method_, {}, &requests_[turn % requests_.size()],
                                            &call->response,
                                            [this, call](const grpc::Status& status) { End(call, status); });
  }

  // Callbacks come on gRPC's threads alone, so none comes here while the lock is held.
  void CancelAll() {
    std::lock_guard lock(mutex_);
    for (const auto& call : calls_) call->context->TryCancel();
  }

 private:
  void End(const std::shared_ptr<Call>& call, const grpc::Status& status) {
    Reply reply;
    reply.status = client::FromGrpcStatus(status);
    if (reply.status.ok() && read_) reply.status = read_(Text(call->response), reply);
    std::exchange(call->done, {})(std::move(reply));
    std::lock_guard lock(mutex_);
    // A context holds its channel, and the last of a channel must not end on a thread of gRPC, which it
    // joins.
    call->context.reset();
    calls_.erase(call);
    if (calls_.empty()) none_.notify_all();
  }

  const std::string method_;
  const std::function<absl::Status(const std::string&, Reply&)> read_;
  const absl::Duration deadline_;
  const std::string traceparent_;
  std::vector<grpc::ByteBuffer> requests_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  size_t turn_ = 0;
  std::mutex mutex_;
  std::condition_variable none_;
  std::unordered_set<std::shared_ptr<Call>> calls_;  // guarded by mutex_
};

GrpcTarget::GrpcTarget(Question question, const GrpcTargetOptions& options)
    : impl_(std::make_unique<Impl>(std::move(question), options)) {}

GrpcTarget::~GrpcTarget() = default;

void GrpcTarget::Send(Done done) { impl_->Send(std::move(done)); }

void GrpcTarget::CancelAll() { impl_->CancelAll(); }

Reply GrpcTarget::Ask() {
  std::promise<Reply> answer;
  Send([&answer](Reply reply) { answer.set_value(std::move(reply)); });
  return answer.get_future().get();
}

}  // namespace timbre::bench
