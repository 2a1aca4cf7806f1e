#include "core/train/fingerprint.h"

#include <bit>
#include <initializer_list>

#include "core/base/sha256.h"

namespace timbre::train {
namespace {

constexpr uint64_t kFormat = 3;

class Hasher {
 public:
  void Text(const std::string& text) { sha_.AddField(text); }
  void Integer(int64_t number) { sha_.AddNumber(static_cast<uint64_t>(number)); }
  void Integers(std::initializer_list<int64_t> numbers) {
    for (int64_t number : numbers) Integer(number);
  }
  void Reals(std::initializer_list<double> numbers) {
    for (double number : numbers) sha_.AddNumber(std::bit_cast<uint64_t>(number));
  }
  std::string Digest() { return sha_.HexDigest(); }

  void operator()(const augment::PolarityConfig&) {}
  void operator()(const augment::NoiseConfig& c) { Reals({c.min_ratio, c.max_ratio}); }
  void operator()(const augment::GainConfig& c) { Reals({c.min_db, c.max_db}); }
  void operator()(const augment::HighLowPassConfig& c) {
    Reals({c.high_pass_min_hz, c.high_pass_max_hz, c.low_pass_min_hz, c.low_pass_max_hz});
  }
  void operator()(const augment::HighPassConfig& c) { Reals({c.min_hz, c.max_hz}); }
  void operator()(const augment::LowPassConfig& c) { Reals({c.min_hz, c.max_hz}); }
  void operator()(const augment::PitchShiftConfig& c) {
    for (int value : {c.min_cents, c.max_cents}) Integer(value);
  }
  void operator()(const augment::ReverseConfig&) {}
  void operator()(const augment::DelayConfig& c) {
    Reals({c.echo_volume});
    for (int value : {c.min_ms, c.max_ms, c.step_ms}) Integer(value);
  }
  void operator()(const augment::ReverbConfig& c) {
    for (int value : {c.min_reverberance, c.max_reverberance, c.min_damping, c.max_damping, c.min_room_scale,
                      c.max_room_scale}) {
      Integer(value);
    }
  }

 private:
  base::Sha256 sha_;
};

void AddOptimizer(const OptimizerConfig& optimizer, Hasher& hash) {
  hash.Reals({optimizer.learning_rate, optimizer.weight_decay, optimizer.beta1, optimizer.beta2,
              optimizer.epsilon, optimizer.momentum, optimizer.trust_coefficient,
              optimizer.schedule.final_ratio, optimizer.gradient_clip_norm, optimizer.bias_rate_multiple});
  hash.Integers({static_cast<int64_t>(optimizer.kind), optimizer.nesterov ? 1 : 0,
                 static_cast<int64_t>(optimizer.schedule.kind), optimizer.schedule.warmup_steps,
                 optimizer.accumulation_steps, optimizer.constant_predictor_rate ? 1 : 0});
}

}  // namespace

std::string Fingerprint(const TrainingConfig& config) {
  Hasher hash;
  hash.Integer(kFormat);
  hash.Text(config.architecture);
  hash.Reals({config.dropout, config.ema_decay});
  hash.Text(std::string(loss::ObjectiveName(config.objective)));
  for (const loss::ObjectiveField& field : loss::ObjectiveFields(config.objective)) hash.Reals({field.value});
  hash.Integers({config.projector_hidden_dim, config.projector_dim, config.projector_layers,
                 config.projector_bias ? 1 : 0, config.projector_batch_norm ? 1 : 0,
                 static_cast<int64_t>(config.initialization), static_cast<int64_t>(config.batch_unit),
                 config.batch_tracks, config.views, config.steps, static_cast<int64_t>(config.seed)});
  AddOptimizer(config.optimizer, hash);
  hash.Integer(static_cast<int64_t>(config.chain.size()));
  for (const augment::EffectConfig& effect : config.chain) {
    hash.Integer(static_cast<int64_t>(effect.parameters.index()));
    hash.Reals({effect.probability});
    std::visit(hash, effect.parameters);
  }
  return hash.Digest();
}

}  // namespace timbre::train
