#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/signals.h"
#include "tests/support/wav.h"

namespace timbre::testing {

// A few labelled clips that differ: half of the tracks are low tones ("low"), half are noise ("noise").
// Folder `name` under `root`, tracks prefixed with `name` so that two corpora never share one.
inline void WriteTinyCorpus(const std::filesystem::path& root, const std::string& name, int tracks) {
  std::filesystem::create_directories(root / name);
  std::ofstream csv(root / name / "annotations.csv");
  csv << "path,track_id,low,noise\n";
  for (int i = 0; i < tracks; ++i) {
    const bool low = i % 2 == 0;
    const std::string file = absl::StrCat(name, i, ".wav");
    WriteAudio(root / name / file, low ? Sine(60.0 + 7 * i, 0.4, 62000)
                                       : WhiteNoise(0.2, 62000, static_cast<uint64_t>(i) + name.size()));
    csv << file << "," << name << i << "," << (low ? "1,0" : "0,1") << "\n";
  }
}

}  // namespace timbre::testing
