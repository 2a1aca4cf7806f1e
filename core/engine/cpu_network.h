#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/folded_stack.h"
#include "core/engine/sliced_layer.h"
#include "core/engine/team.h"
#include "core/engine/tiled_layer.h"

namespace timbre::engine {

// How many windows go through a layer together: one where it has many pool windows, else a group.
int64_t StackOf(const FoldedLayer& layer);

// All layers of a folded stack in one precision, with the memory of one team. Layers of many pool windows go
// window by window, tile by tile, so that a tile's numbers stay in the L2 cache; from the first layer on that
// leaves few, several windows go through together. A window that the threads share is cut into tiles, and in
// those late layers into channels.
// Threads: one Encode at a time.
template <typename T>
class CpuNetwork {
 public:
  // One choice for each of stack.layers. Errors: kInvalidArgument their number · as TiledLayer::Create.
  static absl::StatusOr<std::unique_ptr<CpuNetwork>> Create(const FoldedStack& stack,
                                                            const std::vector<LayerChoice>& choices,
                                                            Team& team);
  ~CpuNetwork();

  // Shapes: windows [count, window_samples], out [count, embedding_dim]. Allocates nothing beside
  // the small tables of arguments that oneDNN makes for each product. The threads take window after window,
  // so that one which the machine holds up takes fewer; what cannot be shared evenly is done by all threads,
  // tile by tile. A window's numbers are the same however they are shared, but for rounding.
  absl::Status Encode(const float* windows, int64_t count, float* out);

 private:
  struct Member;
  CpuNetwork(const FoldedStack& stack, Team& team);

  absl::Status AddLayers(const FoldedStack& stack, const std::vector<LayerChoice>& choices);
  absl::Status MakeMembers();
  // Takes up to a group of the windows before `end` that nobody took; how many there were.
  absl::StatusOr<int64_t> EncodeGroup(Member& member, const float* windows, int64_t end, float* out);
  absl::Status EncodeToStacked(Member& member, const float* window, int64_t slot);
  absl::Status EncodeTogether(int index, const float* window, float* out);
  absl::Status RunSliced(int index, size_t layer, float* out);
  // The tiles, of `size` pool windows, of layer `layer` that are left in `next`, one after another.
  template <typename NextTile>
  absl::Status RunTiles(Member& member, size_t layer, int64_t size, const Piece<T>& whole,
                        const float* samples, const NextTile& next);
  absl::Status RunStacked(Member& member, int64_t count, float* out);
  void FirstRows(Member& member, const float* samples, int64_t begin, int64_t pool_windows) const;
  int64_t BufferStride(size_t layer) const;  // numbers of one window's input of a layer

  Team& team_;
  const int64_t window_samples_;
  const FoldedLayer first_;
  const Kernels<T>& kernels_;
  std::vector<std::unique_ptr<TiledLayer<T>>> layers_;
  size_t stacked_from_ = 0;  // layers from here on take several windows together
  // The same layers once more, for a window that the threads share; none where there is one thread.
  std::vector<std::unique_ptr<SlicedLayer<T>>> sliced_;
  std::vector<std::unique_ptr<Member>> members_;
  // Of the running Encode, the first that no thread has taken: of all windows, and of the tiles of each layer
  // of a window that the threads share.
  std::atomic<int64_t> next_window_ = 0;
  std::vector<std::atomic<int64_t>> next_tile_;
};

}  // namespace timbre::engine
