#include "client/cli/interrupt.h"

#include <signal.h>

#include <atomic>

namespace timbre::cli {
namespace {

// A signal handler can reach nothing else.
std::atomic<bool> interrupt_noted = false;
struct sigaction before;

void Note(int /*signal*/) { interrupt_noted = true; }

}  // namespace

InterruptWatch::InterruptWatch() {
  interrupt_noted = false;
  struct sigaction action = {};
  action.sa_handler = Note;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  ::sigaction(SIGINT, &action, &before);
}

InterruptWatch::~InterruptWatch() { ::sigaction(SIGINT, &before, nullptr); }

bool InterruptWatch::interrupted() const { return interrupt_noted; }

}  // namespace timbre::cli
