#pragma once

#include <fcntl.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace timbre::testing {

// A real timbred in a process of its own, on a free port, which a test may kill.
class ServerProcess {
 public:
  ServerProcess(std::string binary, std::filesystem::path folder)
      : binary_(std::move(binary)), folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ / "data");
  }
  ~ServerProcess() {
    if (pid_ > 0) Kill();
  }

  // Before Start: a configuration file's text, and "NAME=value" of further environment variables.
  void set_config(std::string config) { config_ = std::move(config); }
  void set_environment(std::vector<std::string> environment) { environment_ = std::move(environment); }

  std::filesystem::path data_root() const { return folder_ / "data"; }
  std::filesystem::path state_dir() const { return folder_ / "state"; }

  // Starts it and waits until it serves.
  void Start() {
    const std::filesystem::path ready = folder_ / "ready";
    std::filesystem::remove(ready);
    std::vector<std::string> arguments = {binary_,
                                          "--listen",
                                          "127.0.0.1:0",
                                          "--metrics",
                                          "off",
                                          "--device",
                                          "cpu",
                                          "--state-dir",
                                          state_dir().string(),
                                          "--data-root",
                                          data_root().string(),
                                          "--ready-file",
                                          ready.string()};
    if (!config_.empty()) {
      const std::filesystem::path config = folder_ / "timbred.textproto";
      std::ofstream(config) << config_;
      arguments.insert(arguments.end(), {"--config", config.string()});
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const std::string log = (folder_ / "timbred.log").string();
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
      const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      ::dup2(file, 1);
      ::dup2(file, 2);
      for (std::string& variable : environment_) ::putenv(variable.data());
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::string address;
    while (address.empty()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "timbred did not get ready; see " << log;
      ASSERT_EQ(::waitpid(pid_, nullptr, WNOHANG), 0) << "timbred ended; see " << log;
      std::ifstream(ready) >> address;
      if (address.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // polls for a file
    }
    address_ = address;
    grpc::ChannelArguments channel_arguments;
    channel_arguments.SetInt("timbre.test.channel", ++starts_);
    channel_ = grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), channel_arguments);
  }

  // kill -9.
  void Kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  // SIGTERM; returns the exit status once it has ended.
  int Terminate() {
    ::kill(pid_, SIGTERM);
    return Wait();
  }

  // Waits for its end; returns the exit status.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::string binary_;
  const std::filesystem::path folder_;
  std::string config_;
  std::vector<std::string> environment_;
  pid_t pid_ = -1;
  int starts_ = 0;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace timbre::testing
