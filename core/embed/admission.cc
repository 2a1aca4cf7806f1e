#include "core/embed/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"

namespace timbre::embed {
namespace {

// A batch's part in the average: the last ten or so count.
constexpr double kNewPart = 0.1;

constexpr absl::Duration kShortestRetry = absl::Milliseconds(10);
constexpr absl::Duration kLongestRetry = absl::Seconds(30);

absl::Status Refuse(const std::string& message, absl::Duration retry,
                    base::Exhausted cause = base::Exhausted::kFull) {
  return base::ExhaustedError(cause, message, std::clamp(retry, kShortestRetry, kLongestRetry));
}

}  // namespace

Admission::Place::Place(Place&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      client_(std::move(other.client_)),
      windows_(std::exchange(other.windows_, 0)) {}

Admission::Place& Admission::Place::operator=(Place&& other) noexcept {
  std::swap(admission_, other.admission_);
  std::swap(client_, other.client_);
  std::swap(windows_, other.windows_);
  return *this;
}

absl::Status Admission::Place::Resize(int64_t windows) {
  base::MutexLock lock(admission_->mutex_);
  admission_->Add(client_, -windows_);
  absl::Status fits = windows <= windows_ ? absl::OkStatus()
                                          : admission_->Full({.windows = windows, .caller = {client_}},
                                                             admission_->HeldBy(client_));
  if (fits.ok()) windows_ = windows;
  admission_->Add(client_, windows_);
  return fits;
}

void Admission::Place::GiveBack(int64_t windows) {
  windows = std::min(windows, windows_);
  if (admission_ == nullptr || windows == 0) return;
  base::MutexLock lock(admission_->mutex_);
  admission_->Add(client_, -windows);
  windows_ -= windows;
}

absl::StatusOr<Admission::Place> Admission::Enter(const Request& request) {
  base::MutexLock lock(mutex_);
  TIMBRE_RETURN_IF_ERROR(Check(request, HeldBy(request.caller.client)));
  return Take(request);
}

Admission::Place Admission::EnterUnrefused(int64_t windows, const Caller& caller) {
  base::MutexLock lock(mutex_);
  return Take({.windows = windows, .caller = caller});
}

void Admission::OnBatch(int64_t windows, absl::Duration infer) {
  const double seconds = absl::ToDoubleSeconds(infer) / static_cast<double>(windows);
  base::MutexLock lock(mutex_);
  seconds_a_window_ =
      seconds_a_window_ == 0 ? seconds : (1 - kNewPart) * seconds_a_window_ + kNewPart * seconds;
}

int64_t Admission::windows_inside() const {
  base::MutexLock lock(mutex_);
  return inside_;
}

absl::Duration Admission::expected_wait() const {
  base::MutexLock lock(mutex_);
  return TimeOf(inside_);
}

absl::Status Admission::Check(const Request& request, int64_t held) const {
  TIMBRE_RETURN_IF_ERROR(Full(request, held));
  if (inside_ == 0 || request.patience == absl::InfiniteDuration()) return absl::OkStatus();
  // Clients take turns: it waits for its own windows, and for as many of each other client.
  const auto clients = static_cast<int64_t>(held_.size()) + (held == 0 ? 1 : 0);
  const int64_t ahead = std::min(inside_, (held + request.windows) * clients);
  const absl::Duration needed = TimeOf(ahead + request.windows);
  if (needed <= request.patience) return absl::OkStatus();
  return Refuse(
      absl::StrCat("the queue is too long for this call's deadline: ", inside_,
                   " windows are ahead or under way, its ", request.windows, " would be done in about ",
                   absl::FormatDuration(needed), ", it has ", absl::FormatDuration(request.patience),
                   "; try again later, or with a later deadline"),
      needed - request.patience);
}

absl::Status Admission::Full(const Request& request, int64_t held) const {
  const int64_t free = capacity_windows_ - inside_;
  if (request.windows > capacity_windows_) {
    return base::ExhaustedError(
        base::Exhausted::kLimit,
        absl::StrCat("the clip has ", request.windows, " windows, the server holds at most ",
                     capacity_windows_,
                     " at a time (queue_capacity_windows); send it as a stream or in parts"));
  }
  if (request.windows > free) {
    return Refuse(absl::StrCat("the queue is full: ", inside_, " windows are inside, ", request.windows,
                               " more would exceed the limit of ", capacity_windows_, "; try again later"),
                  TimeOf(request.windows - free));
  }
  // Alone in an empty house anything that fits may come in.
  if (inside_ == 0 || held + request.windows <= kFreeShare * free) return absl::OkStatus();
  return Refuse(absl::StrCat("the queue is full for this client: it holds ", held, " of the ", inside_,
                             " windows inside, ", request.windows, " more would exceed its share of ",
                             kFreeShare * free, " (limit of all: ", capacity_windows_, "); try again later"),
                TimeOf(held + request.windows - kFreeShare * free),
                // A client that has the server for itself fills it.
                held == inside_ ? base::Exhausted::kFull : base::Exhausted::kQuota);
}

absl::Duration Admission::TimeOf(int64_t windows) const {
  return absl::Seconds(seconds_a_window_ * static_cast<double>(windows));
}

int64_t Admission::HeldBy(const std::string& client) const {
  const auto found = held_.find(client);
  return found == held_.end() ? 0 : found->second;
}

void Admission::Add(const std::string& client, int64_t windows) {
  inside_ += windows;
  const auto entry = held_.emplace(client, 0).first;
  entry->second += windows;
  if (entry->second == 0) held_.erase(entry);
}

Admission::Place Admission::Take(const Request& request) {
  Add(request.caller.client, request.windows);
  Place place;
  place.admission_ = this;
  place.client_ = request.caller.client;
  place.windows_ = request.windows;
  return place;
}

}  // namespace timbre::embed
