#include "core/embed/batch_policy.h"

#include <algorithm>
#include <tuple>

namespace timbre::embed {
namespace {

// The requests of one client at one level of urgency, oldest first.
struct Line {
  bool urgent = false;
  size_t client = 0;
  std::vector<size_t> requests;
  size_t front = 0;
  int64_t taken = 0;  // of the front request

  bool empty() const { return front == requests.size(); }
};

class Lines {
 public:
  void Add(size_t request, size_t client, bool urgent) {
    for (Line& line : lines_) {
      if (line.client == client && line.urgent == urgent) return line.requests.push_back(request);
    }
    lines_.push_back({urgent, client, {request}});
  }

  // The line whose turn it is; null when all are empty. Of equals the one whose front came first: indices are
  // in order of arrival.
  Line* Next(const std::vector<int64_t>& served) {
    const auto rank = [&](const Line& line) {
      return std::tuple(!line.urgent, served[line.client], line.requests[line.front]);
    };
    Line* best = nullptr;
    for (Line& line : lines_) {
      if (!line.empty() && (best == nullptr || rank(line) < rank(*best))) best = &line;
    }
    return best;
  }

 private:
  std::vector<Line> lines_;
};

bool IsUrgent(const PendingRequest& request, const BatchLimits& limits, absl::Time now) {
  return request.priority == Priority::kInteractive || now - request.enqueue_time >= limits.bulk_ages_in;
}

std::vector<BatchDecision::Take> TakeWindows(const std::vector<PendingRequest>& queue, Lines& lines,
                                             std::vector<int64_t>& served, int64_t room) {
  std::vector<BatchDecision::Take> batch;
  for (; room > 0; --room) {
    Line* line = lines.Next(served);
    if (line == nullptr) break;
    const size_t request = line->requests[line->front];
    ++served[line->client];
    if (line->taken == 0) batch.push_back({request, 0});
    const auto take = std::find_if(batch.begin(), batch.end(),
                                   [&](const BatchDecision::Take& of) { return of.request == request; });
    take->windows = ++line->taken;
    if (line->taken == queue[request].windows) {
      ++line->front;
      line->taken = 0;
    }
  }
  std::sort(batch.begin(), batch.end(), [](const auto& a, const auto& b) { return a.request < b.request; });
  return batch;
}

}  // namespace

BatchDecision DecideBatch(const std::vector<PendingRequest>& queue, std::vector<int64_t> served,
                          const BatchLimits& limits, absl::Time now) {
  BatchDecision decision;
  Lines lines;
  std::optional<absl::Time> oldest;
  absl::Time first_deadline = absl::InfiniteFuture();
  int64_t windows = 0;
  for (size_t i = 0; i < queue.size(); ++i) {
    const PendingRequest& request = queue[i];
    if (request.deadline <= now) {
      decision.expired.push_back(i);
      continue;
    }
    if (!oldest) oldest = request.enqueue_time;
    first_deadline = std::min(first_deadline, request.deadline);
    windows += request.windows;
    lines.Add(i, request.client, IsUrgent(request, limits, now));
  }
  if (!oldest) return decision;
  const absl::Time due = *oldest + limits.max_wait;
  if (windows < limits.max_batch_windows && now < due) {
    decision.wake_at = std::min(due, first_deadline);
    return decision;
  }
  decision.batch = TakeWindows(queue, lines, served, limits.max_batch_windows);
  return decision;
}

}  // namespace timbre::embed
