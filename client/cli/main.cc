#include <cstdlib>

#include "client/cli/app.h"
#include "client/cli/terminal.h"

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);  // the status says it; its own lines are for its makers
  return timbre::cli::RunApp({argv + 1, argv + argc}, timbre::cli::StandardConsole());
}
