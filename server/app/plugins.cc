#include "server/app/plugins.h"

#include <grpcpp/impl/server_builder_plugin.h>

#include <algorithm>
#include <utility>

namespace timbre::app {
namespace {

class Choice final : public grpc::ServerBuilderOption {
 public:
  explicit Choice(std::vector<std::string> names) : names_(std::move(names)) {}

  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [this](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
      return std::find(names_.begin(), names_.end(), plugin->name()) == names_.end();
    });
  }

 private:
  const std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<grpc::ServerBuilderOption> OnlyPlugins(std::vector<std::string> names) {
  return std::make_unique<Choice>(std::move(names));
}

}  // namespace timbre::app
