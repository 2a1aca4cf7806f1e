#pragma once

#include <re2/re2.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace timbre::testing {

// What a page's script made of the page.
struct OpenedPage {
  // The document as it is afterwards; empty if the browser did not run.
  std::string dom = {};

  // An attribute of an element, by a text that its tag holds before it: Attribute("<html", "data-plots").
  std::string Attribute(const std::string& tag, const std::string& name) const {
    return Find(tag + "[^>]*? " + name + "=\"([^\"]*)\"");
  }

  // The id of the first canvas that its script found blank.
  std::string FirstUndrawn() const { return Find("<canvas id=\"([^\"]*)\"[^>]*data-drawn=\"false\""); }

 private:
  // What the group of the pattern's first match holds; empty without one.
  std::string Find(const std::string& pattern) const {
    std::string found;
    return RE2::PartialMatch(dom, pattern, &found) ? found : "";
  }
};

// Opens a file in Chromium without a window, lets its script run out, and returns the document.
// TIMBRE_CHROMIUM is the program that CMake found.
inline OpenedPage OpenPage(const std::filesystem::path& file, int width_pixels = 1200) {
  const TempDir profile;
  const std::string home = profile.path().string();
  const std::string command =
      absl::StrCat("HOME='", home, "' timeout 110 '", TIMBRE_CHROMIUM,
                   "' --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
                   "--user-data-dir='",
                   home, "' --window-size=", width_pixels,
                   ",2000 --virtual-time-budget=10000 --dump-dom 'file://", file.string(), "' 2>/dev/null");
  OpenedPage page;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return page;
  std::array<char, 65536> buffer;
  for (size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    page.dom.append(buffer.data(), n);
  ::pclose(pipe);
  // The data and the scripts are not what became of the page.
  for (size_t at = page.dom.find("<script"); at != std::string::npos; at = page.dom.find("<script", at)) {
    const size_t end = page.dom.find("</script>", at);
    if (end == std::string::npos) break;
    page.dom.erase(at, end + 9 - at);
  }
  return page;
}

}  // namespace timbre::testing
