#include "core/embed/batcher_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace timbre::embed {
namespace {

// The entry's reference is dropped only after the batcher's thread has ended: a callback that holds the last
// one would make the thread join itself.
template <typename Entries>
void EndBatchers(const Entries& entries) {
  for (const auto& entry : entries) entry.batcher->Stop();
}

}  // namespace

BatcherPool::BatcherPool(const Batcher::Options& options)
    : options_(options), endings_(base::ThreadPool::Start({.name = "batchers' endings"})) {}

template <typename Predicate>
std::vector<BatcherPool::Entry> BatcherPool::Remove(Predicate ended) {
  const auto first = std::stable_partition(entries_.begin(), entries_.end(),
                                           [&](const Entry& entry) { return !ended(entry); });
  std::vector<Entry> removed(std::make_move_iterator(first), std::make_move_iterator(entries_.end()));
  entries_.erase(first, entries_.end());
  return removed;
}

absl::StatusOr<std::shared_ptr<Batcher>> BatcherPool::For(
    const std::shared_ptr<const registry::LoadedModel>& model) {
  std::vector<Entry> unused;
  std::shared_ptr<Batcher> batcher;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return absl::UnavailableError("the embedder has stopped");
    unused = Remove([](const Entry& entry) { return entry.model.expired(); });
    for (const Entry& entry : entries_) {
      if (entry.model.lock() == model) batcher = entry.batcher;
    }
    if (batcher == nullptr) {
      batcher = Batcher::Start(model->encoder, options_);
      entries_.push_back({model, model->version.model, model->version.version, batcher});
    }
  }
  EndLater(std::move(unused));
  return batcher;
}

void BatcherPool::ReleaseUnused() {
  std::vector<Entry> unused;
  {
    base::MutexLock lock(mutex_);
    unused = Remove([](const Entry& entry) { return entry.model.expired(); });
  }
  EndLater(std::move(unused));
}

void BatcherPool::EndLater(std::vector<Entry> entries) {
  if (entries.empty()) return;
  const auto shared = std::make_shared<std::vector<Entry>>(std::move(entries));
  const auto end = [shared] {
    EndBatchers(*shared);
    shared->clear();
  };
  if (!endings_->Continue(end).ok()) end();  // the pool has stopped
}

void BatcherPool::Forget(const std::string& model, int64_t version) {
  std::vector<Entry> forgotten;
  {
    base::MutexLock lock(mutex_);
    forgotten =
        Remove([&](const Entry& entry) { return entry.model_id == model && entry.version == version; });
  }
  EndBatchers(forgotten);
}

void BatcherPool::Stop() {
  std::vector<Entry> all;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    all = std::exchange(entries_, {});
  }
  EndBatchers(all);
  endings_->Stop();
}

Waiting BatcherPool::waiting(Priority priority) const {
  Waiting all;
  base::MutexLock lock(mutex_);
  for (const Entry& entry : entries_) {
    const Waiting waiting = entry.batcher->waiting(priority);
    all.windows += waiting.windows;
    all.oldest = std::max(all.oldest, waiting.oldest);
  }
  return all;
}

size_t BatcherPool::size() const {
  base::MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace timbre::embed
