#include "core/train_engine/matmul.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <dnnl.hpp>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/engine/dnnl_guard.h"

namespace timbre::train_engine {
namespace {

using dnnl::memory;
using engine::DnnlCpu;
using engine::DnnlGuard;

constexpr int64_t kTypicalRows = 81;  // decides the layout of packed weights

// `sum`: the result is added to.
dnnl::primitive_attr Attributes(bool sum) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (!sum) return attributes;
  dnnl::post_ops add;
  add.append_sum(1.0F);
  attributes.set_post_ops(add);
  return attributes;
}

constexpr memory::format_tag kRowPairsTag = memory::format_tag::BA16a64b2a;  // Layout::kRowPairs

}  // namespace

// What one product is called with, but for where its numbers lie.
struct Operands {
  memory left, right, result, scratch;
  std::array<dnnl_exec_arg_t, 4> arguments;
};

struct Lane::State {
  dnnl::stream stream{DnnlCpu()};
  std::vector<std::byte> scratch;
  std::unordered_map<uint64_t, Operands> operands;  // by Prepared::id

  Operands& OperandsOf(const Matmul::Prepared& prepared);
};

Lane::Lane() : state_(std::make_unique<State>()) {}
Lane::~Lane() = default;

struct Matmul::Prepared {
  const uint64_t id = Next();
  dnnl::matmul primitive;
  memory::desc left, right, result, scratch;
  size_t left_bytes = 0, right_bytes = 0, result_bytes = 0;  // from one product to the next

 private:
  static uint64_t Next() {
    static std::atomic<uint64_t> next = 0;
    return next++;
  }
};

Operands& Lane::State::OperandsOf(const Matmul::Prepared& prepared) {
  const auto found = operands.find(prepared.id);
  if (found != operands.end()) return found->second;
  Operands made;
  made.left = memory(prepared.left, DnnlCpu(), nullptr);
  made.right = memory(prepared.right, DnnlCpu(), nullptr);
  made.result = memory(prepared.result, DnnlCpu(), nullptr);
  made.scratch = memory(prepared.scratch, DnnlCpu(), nullptr);
  made.arguments = {dnnl_exec_arg_t{DNNL_ARG_SRC, made.left.get()},
                    dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, made.right.get()},
                    dnnl_exec_arg_t{DNNL_ARG_DST, made.result.get()},
                    dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, made.scratch.get()}};
  return operands.emplace(prepared.id, std::move(made)).first->second;
}

struct Matmul::State {
  base::Mutex mutex;
  std::map<std::pair<int64_t, Layout>, Prepared> prepared ABSL_GUARDED_BY(mutex);
  std::map<int64_t, Layout> preferred ABSL_GUARDED_BY(mutex);  // by rows
  std::optional<memory::desc> packed ABSL_GUARDED_BY(mutex);
};

Matmul::Matmul(Kind kind, const Options& options)
    : kind_(kind), options_(options), state_(std::make_unique<State>()) {}
Matmul::~Matmul() = default;

absl::StatusOr<const Matmul::Prepared*> Matmul::Prepare(int64_t rows, Layout layout) const {
  const base::MutexLock lock(state_->mutex);
  const auto found = state_->prepared.find({rows, layout});
  if (found != state_->prepared.end()) return &found->second;
  Prepared made;
  std::optional<memory::desc> packed = state_->packed;
  const auto type = options_.bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const int64_t depth = options_.depth, columns = options_.columns;
  const bool transposed = kind_ == Kind::kTransposedRows;
  TIMBRE_RETURN_IF_ERROR(DnnlGuard("preparing a product", [&] {
    using Tag = memory::format_tag;
    const memory::desc left =
        transposed ? memory::desc({depth, rows}, type, Tag::ba) : memory::desc({rows, depth}, type, Tag::ab);
    memory::desc right({rows, columns}, type, layout == Layout::kRowPairs ? kRowPairsTag : Tag::ab);
    if (!transposed) right = packed.value_or(memory::desc({depth, columns}, type, Tag::any));
    const memory::desc result({transposed ? depth : rows, columns}, memory::data_type::f32, Tag::ab);
    const dnnl::matmul::primitive_desc description({left, right, result}, Attributes(transposed), DnnlCpu());
    if (!transposed) packed = description.weights_desc();
    made.primitive = dnnl::matmul(description);
    made.left = left;
    made.right = description.weights_desc();
    made.result = result;
    made.scratch = description.scratchpad_desc();
    made.left_bytes = left.get_size();
    made.right_bytes = made.right.get_size();
    made.result_bytes = result.get_size();
    return absl::OkStatus();
  }));
  state_->packed = packed;
  return &state_->prepared.emplace(std::pair(rows, layout), std::move(made)).first->second;
}

Matmul::Layout Matmul::LayoutOf(int64_t rows) const {
  if (kind_ != Kind::kTransposedRows || !options_.bf16 || options_.columns % kPairColumns != 0)
    return Layout::kPlain;
  {
    const base::MutexLock lock(state_->mutex);
    const auto found = state_->preferred.find(rows);
    if (found != state_->preferred.end()) return found->second;
  }
  const Layout layout = PrefersPairs(rows) ? Layout::kRowPairs : Layout::kPlain;
  const base::MutexLock lock(state_->mutex);
  return state_->preferred[rows] = layout;
}

bool Matmul::PrefersPairs(int64_t rows) const {
  bool pairs = false;
  const absl::Status asked = DnnlGuard("asking for a layout", [&] {
    using Tag = memory::format_tag;
    const memory::dims dims = {rows, options_.columns};
    const memory::desc left({options_.depth, rows}, memory::data_type::bf16, Tag::ba),
        right(dims, memory::data_type::bf16, Tag::any),
        result({options_.depth, options_.columns}, memory::data_type::f32, Tag::ab);
    const dnnl::matmul::primitive_desc description({left, right, result}, Attributes(/*sum=*/true),
                                                   DnnlCpu());
    pairs = description.weights_desc() == memory::desc(dims, memory::data_type::bf16, kRowPairsTag);
    return absl::OkStatus();
  });
  return asked.ok() && pairs;
}

absl::Status Matmul::Run(Lane& lane, const void* left, const void* right, int64_t rows, float* result,
                         Layout layout) const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(rows, layout));
  Lane::State& state = *lane.state_;
  if (state.scratch.size() < prepared->scratch.get_size()) state.scratch.resize(prepared->scratch.get_size());
  return DnnlGuard("a product", [&] {
    Operands& operands = state.OperandsOf(*prepared);
    operands.scratch.set_data_handle(state.scratch.data());
    const auto place = [](const memory& operand, const void* first, size_t offset) {
      operand.set_data_handle(static_cast<std::byte*>(const_cast<void*>(first)) + offset);
    };
    for (size_t i = 0; i < static_cast<size_t>(options_.batch); ++i) {
      place(operands.left, left, i * prepared->left_bytes);
      place(operands.right, right, i * prepared->right_bytes);
      place(operands.result, result, i * prepared->result_bytes);
      dnnl::error::wrap_c_api(
          dnnl_primitive_execute(prepared->primitive.get(), state.stream.get(),
                                 static_cast<int>(operands.arguments.size()), operands.arguments.data()),
          "executing");
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<size_t> Matmul::PackedBytes() const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(kTypicalRows));
  return prepared->right_bytes * static_cast<size_t>(options_.batch);
}

absl::Status Matmul::Pack(Lane& lane, const float* plain, bool transposed, void* packed) const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(kTypicalRows));
  return DnnlGuard("packing weights", [&] {
    const memory::dims dims = {options_.depth, options_.columns};
    const auto tag = transposed ? memory::format_tag::ba : memory::format_tag::ab;
    for (int64_t i = 0; i < options_.batch; ++i) {
      memory from({dims, memory::data_type::f32, tag}, DnnlCpu(),
                  const_cast<float*>(plain + i * options_.depth * options_.columns));
      memory to(prepared->right, DnnlCpu(),
                static_cast<std::byte*>(packed) + static_cast<size_t>(i) * prepared->right_bytes);
      dnnl::reorder(from, to).execute(lane.state_->stream, from, to);
      lane.state_->stream.wait();
    }
    return absl::OkStatus();
  });
}

}  // namespace timbre::train_engine
