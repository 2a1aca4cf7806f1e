#pragma once

namespace timbre::app {

// SIGINT and SIGTERM as something to wait for. Block them before any thread is started, so that no thread
// dies of them.
void BlockEndSignals();

// Raises the soft limit of file descriptors to the hard one: each connection is one, and a port that meets
// the limit may stay deaf (docs/security.md).
void RaiseDescriptorLimit();

// Bounds the arenas in which glibc keeps freed memory to the cores, from 2 to 8, unless MALLOC_ARENA_MAX or
// GLIBC_TUNABLES says otherwise. By default there are 8 for each core, and as each version is loaded by a
// thread of its own, each would come to keep a version's worth. Before any thread is started.
void BoundMemoryArenas();

// Waits for one of the end signals; returns its number.
int WaitForEndSignal();

// Asks this process to end, as SIGTERM from outside does. Threads: safe.
void AskForEnd();

}  // namespace timbre::app
