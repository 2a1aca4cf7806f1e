#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace timbre::fuzz {

using Bytes = std::span<const uint8_t>;

// One function for each place where bytes from outside are read: any bytes may come, and it must return. What
// must hold whatever comes is asked with Require. Each is built twice: into libFuzzer's program
// <name>_fuzz, and into fuzz_replay_test, which runs it over tests/fuzz/corpus/<name>/.
// Threads: one. What they keep between calls lies in temporary folders.
void FuzzAudioDecoder(Bytes bytes);  // encoded audio -> samples -> windows
void FuzzChunkDecoder(Bytes bytes);  // the same in chunks of any size, PCM and encoded
void FuzzPcmWindows(Bytes bytes);    // PCM of any format -> samples -> windows
void FuzzAnnotations(Bytes bytes);   // annotations.csv
void FuzzSafetensors(Bytes bytes);   // a file of weights, read, written and read again; a tagger's head
void FuzzCheckpoint(Bytes bytes);    // a checkpoint's namings, whole and damaged
void FuzzModelCard(Bytes bytes);     // card.json
void FuzzEnginePlan(Bytes bytes);    // engine_plan.json
void FuzzSnapshot(Bytes bytes);      // the frame of a training's snapshot
void FuzzServerConfig(Bytes bytes);  // timbred.textproto
void FuzzCredentials(Bytes bytes);   // the tokens' file, and what a call shows in `authorization`
void FuzzMessages(Bytes bytes);      // each request message -> server/convert and the checks of a submission
void FuzzCalls(Bytes bytes);         // each method of the five services but Drain, through gRPC

struct Target {
  const char* name;
  void (*run)(Bytes);
};
const std::vector<Target>& Targets();

// Ends the process, saying what did not hold.
void Require(bool holds, const char* what);

// Takes numbers and pieces off the front of the input; zeros once it is used up.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}
  uint8_t Byte();
  uint32_t Word();                 // four bytes, little endian
  uint32_t Below(uint32_t bound);  // of one byte, or of four where the bound needs more
  Bytes Take(size_t count);        // fewer at the end
  Bytes Rest() { return Take(bytes_.size()); }
  std::string Text(size_t count);
  bool empty() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

// A file in memory that holds the bytes, for readers that want a path. One at a time is enough.
class MemoryFile {
 public:
  explicit MemoryFile(Bytes bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace timbre::fuzz
