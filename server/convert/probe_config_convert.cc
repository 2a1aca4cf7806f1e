#include "server/convert/probe_config_convert.h"

namespace timbre::convert {

probe::ProbeConfig ProbeConfigFromProto(const v1::ProbeConfig& proto, const std::string& prefix,
                                        FieldErrors& errors) {
  probe::ProbeConfig config;
  const std::string p = prefix + ".";
  if (proto.has_learning_rate()) config.learning_rate = proto.learning_rate();
  errors.CheckAbove(p + "learning_rate", config.learning_rate, 0, 1);
  if (proto.has_batch_size()) config.batch_size = proto.batch_size();
  errors.CheckRange<int64_t>(p + "batch_size", config.batch_size, 1, 65536);
  if (proto.has_max_epochs()) config.max_epochs = proto.max_epochs();
  errors.CheckRange<int64_t>(p + "max_epochs", config.max_epochs, 1, 100'000);
  if (proto.has_patience_epochs()) config.patience_epochs = proto.patience_epochs();
  errors.CheckRange<int64_t>(p + "patience_epochs", config.patience_epochs, 1, 100'000);
  if (proto.has_validation_ratio()) config.validation_ratio = proto.validation_ratio();
  errors.CheckAbove(p + "validation_ratio", config.validation_ratio, 0, 0.9);
  if (proto.has_seed()) config.seed = proto.seed();
  return config;
}

}  // namespace timbre::convert
