#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

namespace timbre::weights {

// How the programs of the field name the tensors of a SampleCNN:
//   kTimbre    encoder.conv{1..11}.{0,1}.*          kernel 1 in the last block
//   kNotebook  encoder.conv{1..11}.{0,1}.*          kernel 3: the tutorial's Lightning module, and CLMR 1.0
//   kClmr      encoder.sequential.{0..10}.{0,1}.*   kernel 3: CLMR 2.x
// Each with projector.{0,2}.*, where there is a projector. Sources: the notebook of the ISMIR tutorial "music
// description" and github.com/spijkervet/CLMR.
enum class KeyNaming { kTimbre, kNotebook, kClmr };

// What was found in a checkpoint.
struct Checkpoint {
  TensorMap encoder;  // named and shaped as SampleCnnShapes has it
  TensorMap
      projector;  // "0.weight" [hidden, 512], "2.weight" [out, hidden], "N.bias" where it has them; or empty
  std::string recognised;          // which naming it was, for people
  std::vector<std::string> notes;  // what was left out or changed, for people
};

// Recognises any of the namings, with the prefixes that Lightning and DataParallel put before them, and with
// an encoder that comes twice, if both are the same. Of a last block with kernel 3 the centre tap is taken:
// at one frame the outer taps only ever meet padding. Heads (fc, probe, model.N) are left out with a note.
// Errors: kInvalidArgument names the tensor, in the file's own words, and what was recognised: missing,
// unknown, misshapen (found and wanted), not finite, a negative variance, two encoders that differ.
absl::StatusOr<Checkpoint> ReadCheckpoint(TensorMap file);

// The tensors under a naming's keys; the last kernel is padded with zeros where that naming wants 3.
TensorMap NameTensors(const TensorMap& encoder, const TensorMap& projector, KeyNaming naming);

// The keys of the batch counters (num_batches_tracked, I64 scalars) that PyTorch's strict loading wants
// beside the tensors that NameTensors gave; none for kTimbre.
std::vector<std::string> CounterKeys(const TensorMap& named, KeyNaming naming);

}  // namespace timbre::weights
