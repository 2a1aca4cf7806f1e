#pragma once

// Each command of `timbre` adds itself to the parser: its options, its help with an example, and what to
// run, which goes into session.command while the line is parsed. Each has its file, <name>_command.cc.
// Lifetime: the session must outlive the parser.

#include <CLI/CLI.hpp>

#include "client/cli/session.h"

namespace timbre::cli {

void AddDatasetCommand(CLI::App& app, Session& session);
void AddTrainCommand(CLI::App& app, Session& session);
void AddWatchCommand(CLI::App& app, Session& session);
void AddJobsCommand(CLI::App& app, Session& session);
void AddJobCommand(CLI::App& app, Session& session);
// pause, resume, cancel, delete.
void AddJobControlCommands(CLI::App& app, Session& session);
void AddProbeCommand(CLI::App& app, Session& session);
void AddReportCommand(CLI::App& app, Session& session);
void AddModelsCommand(CLI::App& app, Session& session);
// import, export, delete.
void AddModelCommand(CLI::App& app, Session& session);
void AddPromoteCommand(CLI::App& app, Session& session);
void AddEmbedCommand(CLI::App& app, Session& session);
void AddTagCommand(CLI::App& app, Session& session);
void AddAugmentCommand(CLI::App& app, Session& session);
// Load and what it showed.
void AddBenchCommand(CLI::App& app, Session& session);
void AddHealthCommand(CLI::App& app, Session& session);
// drain, log-level, backup.
void AddAdminCommand(CLI::App& app, Session& session);
void AddInfoCommand(CLI::App& app, Session& session);
void AddTokenCommand(CLI::App& app, Session& session);

}  // namespace timbre::cli
