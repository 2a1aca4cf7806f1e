#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"

namespace timbre::rpc {

// What the messages of all calls may hold together while they wait for their turn, and each account a half of
// it: gRPC's own quota knows only what it has not handed over yet. Threads: safe. Never blocks.
class ByteBudget {
 public:
  explicit ByteBudget(int64_t most_bytes) : most_(most_bytes) {}

  // Bytes that were taken; gives them back at its end. Lifetime: the budget outlives it.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept { *this = std::move(other); }
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { Release(); }
    void Release();

   private:
    friend class ByteBudget;
    Hold(ByteBudget& budget, std::string account, int64_t bytes)
        : budget_(&budget), account_(std::move(account)), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;  // null: nothing is held
    std::string account_;
    int64_t bytes_ = 0;
  };

  // Errors: kResourceExhausted with base::RetryAfterOf where the server's or the account's part is used up. A
  // message that is larger than that is let in alone.
  absl::StatusOr<Hold> Take(const std::string& account, int64_t bytes);

  int64_t held() const;

 private:
  void Give(const std::string& account, int64_t bytes);

  const int64_t most_;
  mutable base::Mutex mutex_;
  int64_t held_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int64_t> accounts_ ABSL_GUARDED_BY(mutex_);  // those that hold something
};

}  // namespace timbre::rpc
