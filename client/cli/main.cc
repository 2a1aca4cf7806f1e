#include "client/cli/app.h"
#include "client/cli/terminal.h"

int main(int argc, char** argv) {
  return timbre::cli::RunApp({argv + 1, argv + argc}, timbre::cli::StandardConsole());
}
