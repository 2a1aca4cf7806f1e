#include "core/weights/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/weights/checkpoint_keys.h"
#include "core/weights/sample_cnn_layout.h"

namespace timbre::weights {
namespace {

constexpr int64_t kWideKernel = 3;

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

std::string FirstOf(const std::vector<std::string>& keys) {
  constexpr size_t kNamed = 3;
  std::vector<std::string> named(keys.begin(),
                                 keys.begin() + static_cast<long>(std::min(kNamed, keys.size())));
  return absl::StrCat(absl::StrJoin(named, ", "), keys.size() > kNamed ? ", ..." : "");
}

bool IsWide(const Tensor& tensor) { return tensor.shape.size() == 3 && tensor.shape[2] == kWideKernel; }

// Reads one copy after another out of the file.
class Reader {
 public:
  explicit Reader(TensorMap file) : file_(std::move(file)), keys_(SortKeys(file_)) {}

  absl::StatusOr<Checkpoint> Run() {
    if (keys_.encoders.empty()) return NoEncoder();
    result_.recognised = Recognised();
    if (!keys_.unknown.empty()) {
      return Wrong(keys_.unknown.front(),
                   absl::StrCat("is not part of a SampleCNN or its projector (of ", keys_.unknown.size(),
                                " such: ", FirstOf(keys_.unknown), "); take it out of the file"));
    }
    TIMBRE_RETURN_IF_ERROR(CheckCopies(keys_.encoders));
    TIMBRE_RETURN_IF_ERROR(CheckCopies(keys_.projectors));
    TIMBRE_RETURN_IF_ERROR(TakeEncoder());
    TIMBRE_RETURN_IF_ERROR(TakeProjector());
    if (!keys_.heads.empty()) {
      result_.notes.push_back(
          absl::StrCat("left out, as heads are not imported: ", absl::StrJoin(keys_.heads, ", ")));
    }
    return std::move(result_);
  }

 private:
  absl::Status NoEncoder() const {
    std::vector<std::string> keys;
    for (const auto& [key, tensor] : file_) keys.push_back(key);
    return absl::InvalidArgumentError(absl::StrCat("no SampleCNN was recognised in the ", keys.size(),
                                                   " tensors of the file",
                                                   keys.empty() ? "" : absl::StrCat(" (", FirstOf(keys), ")"),
                                                   "; known are conv1.0.weight (the tutorial, CLMR 1.0, "
                                                   "Timbre) and sequential.0.0.weight (CLMR 2), alone or "
                                                   "after encoder., model.encoder. or module."));
  }

  std::string Recognised() const {
    const auto& [copy, names] = *keys_.encoders.rbegin();
    std::string keys = absl::StrCat(copy, "{n}");
    if (keys_.encoders.size() > 1) absl::StrAppend(&keys, " and ", keys_.encoders.begin()->first, "{n}");
    if (absl::EndsWith(copy, "sequential.")) return absl::StrCat("CLMR 2 (", keys, ")");
    const auto last = names.find(kLastKernel);
    const bool narrow = last != names.end() && !IsWide(file_.at(last->second));
    return absl::StrCat(narrow ? "Timbre (" : "the tutorial or CLMR 1.0 (", keys, ")");
  }

  absl::Status Wrong(const std::string& key, const std::string& problem) const {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor '", key, "' ", problem, ". The keys were recognised as ", result_.recognised));
  }

  // Lightning files of CLMR hold the encoder twice. The last copy is taken: model.encoder, as CLMR does.
  absl::Status CheckCopies(const Copies& copies) const {
    if (copies.size() < 2) return absl::OkStatus();
    const auto& taken = copies.rbegin()->second;
    for (const auto& [copy, names] : copies) {
      for (const auto& [name, key] : names) {
        const auto twin = taken.find(name);
        if (twin != taken.end() && file_.at(twin->second) == file_.at(key)) continue;
        return Wrong(key, absl::StrCat("has no equal twin ", KeyOf(copies.rbegin()->first, name),
                                       ", so the file holds two different networks; leave one in it"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeEncoder() {
    const auto& [copy, names] = *keys_.encoders.rbegin();
    for (const auto& [name, shape] : SampleCnnShapes()) {
      const auto found = names.find(name);
      if (found == names.end()) {
        return Wrong(KeyOf(copy, name), absl::StrCat("is missing; its shape is ", ShapeText(shape)));
      }
      Tensor& tensor = file_.at(found->second);
      TIMBRE_RETURN_IF_ERROR(CheckValues(found->second, tensor));
      if (name == kLastKernel && IsWide(tensor)) TakeCentre(found->second, tensor);
      if (tensor.shape != shape) {
        return Wrong(found->second,
                     absl::StrCat("has the shape ", ShapeText(tensor.shape), "; wanted is ",
                                  name == kLastKernel ? "[512, 512, 3] or " : "", ShapeText(shape)));
      }
      result_.encoder.emplace(name, std::move(tensor));
    }
    return absl::OkStatus();
  }

  void TakeCentre(const std::string& key, Tensor& tensor) {
    Tensor centre{.shape = tensor.shape, .values = {}};
    centre.shape[2] = 1;
    bool outer = false;
    for (size_t i = 0; i + 2 < tensor.values.size(); i += kWideKernel) {
      outer = outer || tensor.values[i] != 0 || tensor.values[i + 2] != 0;
      centre.values.push_back(tensor.values[i + 1]);
    }
    if (outer) {
      result_.notes.push_back(absl::StrCat(
          "of ", key,
          " the centre tap was taken: in a window of 59,049 samples the outer ones only meet padding"));
    }
    tensor = std::move(centre);
  }

  absl::Status CheckValues(const std::string& key, const Tensor& tensor) const {
    const bool variance = absl::EndsWith(key, "running_var");
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      const float value = tensor.values[i];
      if (!std::isfinite(value))
        return Wrong(key, absl::StrCat("has the value ", value, " at ", i, "; all must be finite"));
      if (variance && value < 0) {
        return Wrong(key,
                     absl::StrCat("has the value ", value, " at ", i, "; a variance cannot be negative"));
      }
    }
    return absl::OkStatus();
  }

  // Layers in the order of their numbers, each of the width that the one before it gives.
  absl::Status TakeProjector() {
    if (keys_.projectors.empty()) return absl::OkStatus();
    std::map<int, std::vector<std::string>> layers;
    const auto& [copy, names] = *keys_.projectors.rbegin();
    for (const auto& [name, key] : names) {
      int layer = 0;
      if (absl::SimpleAtoi(name.substr(0, name.find('.')), &layer)) layers[layer].push_back(name);
    }
    int64_t width = kSampleCnnDim;
    for (const auto& [layer, unused] : layers) {
      const std::string weight = absl::StrCat(layer, ".weight");
      const auto found = names.find(weight);
      if (found == names.end()) return Wrong(copy + weight, "is missing");
      const std::vector<int64_t> shape = file_.at(found->second).shape;
      const bool linear = shape.size() == 2 && shape[1] == width && shape[0] > 0;
      if (!linear && shape != std::vector<int64_t>{width}) {
        return Wrong(found->second,
                     absl::StrCat("has the shape ", ShapeText(shape), "; wanted is [N, ", width, "]"));
      }
      width = shape[0];
      for (const std::string& name : layers[layer]) {
        TIMBRE_RETURN_IF_ERROR(
            TakeProjectorTensor(name, names.at(name), name == weight ? shape : std::vector{width}));
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeProjectorTensor(const std::string& name, const std::string& key,
                                   const std::vector<int64_t>& wanted) {
    Tensor& tensor = file_.at(key);
    if (tensor.shape != wanted) {
      return Wrong(
          key, absl::StrCat("has the shape ", ShapeText(tensor.shape), "; wanted is ", ShapeText(wanted)));
    }
    TIMBRE_RETURN_IF_ERROR(CheckValues(key, tensor));
    result_.projector.emplace(name, std::move(tensor));
    return absl::OkStatus();
  }

  TensorMap file_;
  const SortedKeys keys_;
  Checkpoint result_;
};

Tensor Widened(const Tensor& kernel) {
  Tensor wide{.shape = {kernel.shape[0], kernel.shape[1], kWideKernel}, .values = {}};
  wide.values.reserve(kernel.values.size() * kWideKernel);
  for (float value : kernel.values) wide.values.insert(wide.values.end(), {0, value, 0});
  return wide;
}

}  // namespace

absl::StatusOr<Checkpoint> ReadCheckpoint(TensorMap file) { return Reader(std::move(file)).Run(); }

TensorMap NameTensors(const TensorMap& encoder, const TensorMap& projector, KeyNaming naming) {
  const std::string copy = naming == KeyNaming::kClmr ? "encoder.sequential." : "encoder.conv";
  TensorMap named;
  for (const auto& [name, tensor] : encoder) {
    const bool widen = naming != KeyNaming::kTimbre && name == kLastKernel && tensor.shape.size() == 3;
    named[KeyOf(copy, name)] = widen ? Widened(tensor) : tensor;
  }
  for (const auto& [name, tensor] : projector) named["projector." + name] = tensor;
  return named;
}

std::vector<std::string> CounterKeys(const TensorMap& named, KeyNaming naming) {
  std::vector<std::string> keys;
  if (naming == KeyNaming::kTimbre) return keys;
  constexpr absl::string_view kMean = "running_mean";
  for (const auto& [key, tensor] : named) {
    if (absl::EndsWith(key, kMean))
      keys.push_back(key.substr(0, key.size() - kMean.size()) + "num_batches_tracked");
  }
  return keys;
}

}  // namespace timbre::weights
