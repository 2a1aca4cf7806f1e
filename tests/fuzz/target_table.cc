#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

const std::vector<Target>& Targets() {
  static const auto* const targets = new std::vector<Target>{
      {"audio_decoder", FuzzAudioDecoder},
      {"chunk_decoder", FuzzChunkDecoder},
      {"pcm_windows", FuzzPcmWindows},
      {"annotations", FuzzAnnotations},
      {"safetensors", FuzzSafetensors},
      {"checkpoint", FuzzCheckpoint},
      {"model_card", FuzzModelCard},
      {"engine_plan", FuzzEnginePlan},
      {"snapshot", FuzzSnapshot},
      {"server_config", FuzzServerConfig},
      {"credentials", FuzzCredentials},
      {"messages", FuzzMessages},
      {"calls", FuzzCalls},
  };
  return *targets;
}

}  // namespace timbre::fuzz
