#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace timbre::embed {

// How many windows each waiting client was served, for fair turns. A client that comes begins level with the
// one that was served least: time that it did not wait gives it no credit. Threads: compatible.
class Ledger {
 public:
  // A request of the client has come; one has gone.
  void Enter(const std::string& client) {
    const int64_t least = Least();
    Entry& entry = entries_.try_emplace(client, Entry{least, 0, 0}).first->second;
    ++entry.requests;
  }
  void Leave(const std::string& client) {
    const auto entry = entries_.find(client);
    if (--entry->second.requests == 0) entries_.erase(entry);
  }
  void Serve(const std::string& client, int64_t windows) { entries_.at(client).served += windows; }

  // Numbers the clients from 0; the answer is what each was served.
  std::vector<int64_t> Number() {
    std::vector<int64_t> served;
    for (auto& [client, entry] : entries_) {
      entry.number = served.size();
      served.push_back(entry.served);
    }
    return served;
  }
  // As of the last Number.
  size_t NumberOf(const std::string& client) const { return entries_.at(client).number; }

 private:
  struct Entry {
    int64_t served = 0;
    int64_t requests = 0;
    size_t number = 0;
  };

  int64_t Least() const {
    if (entries_.empty()) return 0;
    const auto less = [](const auto& a, const auto& b) { return a.second.served < b.second.served; };
    return std::min_element(entries_.begin(), entries_.end(), less)->second.served;
  }

  std::map<std::string, Entry> entries_;  // of clients with requests here
};

}  // namespace timbre::embed
