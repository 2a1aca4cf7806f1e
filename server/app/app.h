#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/app/settings.h"

namespace timbre::app {

// The composition root: makes every room, joins them, serves. The one place that knows them all.
//   TIMBRE_ASSIGN_OR_RETURN(auto app, App::Start(settings));   // serves from here on
//   ... wait for a signal ...
//   app->Drain();                                              // health NOT_SERVING, calls finish, trainings
//   snapshot
// Threads: Drain once, from any thread.
class App {
 public:
  // `end` is called when AdminService.Drain was answered: it asks for the process' end, by Drain, and returns
  // at once; empty: Drain is refused. Errors: kFailedPrecondition no such device, or another server holds the
  // state directory · kUnavailable a port is in use · kInternal, kResourceExhausted the state directory.
  static absl::StatusOr<std::unique_ptr<App>> Start(const Settings& settings, std::function<void()> end = {});
  ~App();

  // host:port where it listens, with the real port.
  const std::string& address() const;

  // Where the plaintext health port is, likewise; empty if there is none.
  std::string health_address() const;

  // Returns when all has ended, at the latest about drain_grace after the call.
  void Drain();

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::app
