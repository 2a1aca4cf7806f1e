#include "core/weights/model_card.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

void FuzzModelCard(Bytes bytes) {
  const auto card = weights::ModelCardFromJson(std::string(bytes.begin(), bytes.end()));
  if (!card.ok()) return;
  const std::string json = weights::ModelCardToJson(*card);
  const auto again = weights::ModelCardFromJson(json);
  Require(again.ok(), "what was written can be read");
  Require(weights::ModelCardToJson(*again) == json, "reading again gives the same");
  Require(weights::EmbeddingSpaceId(*card) == weights::EmbeddingSpaceId(*again), "a space keeps its id");
}

}  // namespace timbre::fuzz
