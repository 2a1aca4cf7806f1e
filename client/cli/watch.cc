#include "client/cli/watch.h"

#include "client/cli/watch_view.h"
#include "client/job_follower.h"
#include "client/jobs.h"
#include "client/names.h"

namespace timbre::cli {

absl::StatusOr<v1::Job> WatchToEnd(const Session& session, const client::Connection& connection,
                                   const std::string& job_name, int64_t after_sequence) {
  absl::StatusOr<v1::Job> job = client::GetJob(connection, job_name);
  if (!job.ok()) return job;
  client::FollowOptions options{.job = job_name, .after_sequence = after_sequence};
  if (session.give_up_after_seconds > 0) options.give_up_after = absl::Seconds(session.give_up_after_seconds);
  WatchView view(session.console, client::ShortName(job_name));
  const bool shown = !session.json;
  const absl::Status followed = client::FollowJob(connection, options,
                                                  {.on_event =
                                                       [&](const v1::JobEvent& event) {
                                                         if (shown) view.OnEvent(event);
                                                       },
                                                   .on_reconnect =
                                                       [&](const absl::Status& why, absl::Duration wait) {
                                                         if (shown) view.OnReconnect(why, wait);
                                                       }});
  view.Close();
  if (!followed.ok()) return followed;
  return client::GetJob(connection, job_name);
}

}  // namespace timbre::cli
