#pragma once

// Runs code in a process of its own and ends it with SIGKILL at a moment that nobody chose.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace timbre::testing {

// Writes one line to the parent, in one piece. What is told was acknowledged.
inline void Tell(int out, const std::string& line) {
  const std::string text = absl::StrCat(line, "\n");
  if (::write(out, text.data(), text.size()) < 0) ::_exit(2);
}

// Forks; the child runs `child(pipe)`, which must not return; it is killed once it has told
// `lines_before_kill` lines, while it works on. Returns the whole lines that it told. The caller has no other
// threads.
inline std::vector<std::string> RunAndKill(const std::function<void(int)>& child, int lines_before_kill) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    child(ends[1]);
    ::_exit(3);
  }
  ::close(ends[1]);
  std::vector<std::string> lines;
  std::string line;
  char c = 0;
  while (::read(ends[0], &c, 1) == 1) {
    if (c != '\n') {
      line.push_back(c);
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
    if (static_cast<int>(lines.size()) == lines_before_kill) ::kill(pid, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return lines;
}

}  // namespace timbre::testing
