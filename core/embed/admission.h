#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/embed/caller.h"

namespace timbre::embed {

// The door of the embedder: counts the windows that are inside (being decoded, waiting or encoded, of all
// models, for they share one device) and decides at once, before any work is done, whether one more request
// comes in.
//   * At most `capacity_windows` are inside.
//   * One client may hold at most kFreeShare times what is free (dynamic thresholds; Choudhury & Hahne,
//   "Dynamic
//     Queue Length Thresholds for Shared-Memory Packet Switches", 1998): alone it gets 4/5 of the capacity, n
//     busy clients get equal shares, and there is always room for a newcomer.
//   * Who would only learn after its deadline is told now: the wait is foreseen from the windows ahead of it
//   and
//     the time that a window took lately.
// Threads: safe. Never blocks. Lifetime: outlives its places.
class Admission {
 public:
  static constexpr int64_t kFreeShare = 4;

  explicit Admission(int64_t capacity_windows) : capacity_windows_(capacity_windows) {}

  // Windows that a request holds, given back piece by piece or when it goes. Threads: compatible.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place() { GiveBack(windows_); }

    // What the request turned out to need, once decoded. Errors: kResourceExhausted it does not fit; the
    // place is then as before.
    absl::Status Resize(int64_t windows);
    void GiveBack(int64_t windows);
    int64_t windows() const { return windows_; }

   private:
    friend class Admission;
    Admission* admission_ = nullptr;
    std::string client_;
    int64_t windows_ = 0;
  };

  struct Request {
    int64_t windows = 1;
    Caller caller;
    absl::Duration patience = absl::InfiniteDuration();  // until its deadline
  };
  // Errors: kResourceExhausted, with limit, actual and base::RetryAfterOf.
  absl::StatusOr<Place> Enter(const Request& request);

  // For streams, which are held back by flow control: counted, never refused.
  Place EnterUnrefused(int64_t windows, const Caller& caller);

  // A batch ended: how long a window takes.
  void OnBatch(int64_t windows, absl::Duration infer);

  int64_t windows_inside() const;

  // Until the windows that are inside now would all be encoded.
  absl::Duration expected_wait() const;

 private:
  absl::Status Check(const Request& request, int64_t held) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Full(const Request& request, int64_t held) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration TimeOf(int64_t windows) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t HeldBy(const std::string& client) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Add(const std::string& client, int64_t windows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Place Take(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t capacity_windows_;
  mutable base::Mutex mutex_;
  std::map<std::string, int64_t> held_ ABSL_GUARDED_BY(mutex_);  // of clients that hold any
  int64_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
  double seconds_a_window_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: not known yet
};

}  // namespace timbre::embed
