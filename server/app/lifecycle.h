#pragma once

namespace timbre::app {

// SIGINT and SIGTERM as something to wait for. Block them before any thread is started, so that no thread
// dies of them.
void BlockEndSignals();

// Raises the soft limit of file descriptors to the hard one: each connection is one, and a port that meets
// the limit may stay deaf (docs/security.md).
void RaiseDescriptorLimit();

// Waits for one of them; returns its number.
int WaitForEndSignal();

// Asks this process to end, as SIGTERM from outside does. Threads: safe.
void AskForEnd();

}  // namespace timbre::app
