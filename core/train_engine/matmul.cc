#include "core/train_engine/matmul.h"

#include <algorithm>
#include <array>
#include <dnnl.hpp>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"

namespace timbre::train_engine {
namespace {

using dnnl::memory;

constexpr int64_t kTypicalRows = 81;  // decides the layout of packed weights

dnnl::engine& Cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// The one place where oneDNN's exceptions end.
template <typename Function>
absl::Status DnnlGuard(const char* what, const Function& function) {
  try {
    function();
    return absl::OkStatus();
  } catch (const dnnl::error& error) {
    return absl::InternalError(
        absl::StrCat("oneDNN, ", what, ": ", error.what(), " (status ", static_cast<int>(error.status), ")"));
  }
}

}  // namespace

struct Lane::State {
  dnnl::stream stream{Cpu()};
  std::vector<std::byte> scratch;
};

Lane::Lane() : state_(std::make_unique<State>()) {}
Lane::~Lane() = default;

struct Matmul::Prepared {
  dnnl::matmul primitive;
  memory::desc left, right, result, scratch;
};

struct Matmul::State {
  base::Mutex mutex;
  std::map<int64_t, Prepared> by_rows ABSL_GUARDED_BY(mutex);
  std::optional<memory::desc> packed ABSL_GUARDED_BY(mutex);
};

Matmul::Matmul(Kind kind, const Options& options)
    : kind_(kind), options_(options), state_(std::make_unique<State>()) {}
Matmul::~Matmul() = default;

absl::StatusOr<const Matmul::Prepared*> Matmul::Prepare(int64_t rows) const {
  const base::MutexLock lock(state_->mutex);
  const auto found = state_->by_rows.find(rows);
  if (found != state_->by_rows.end()) return &found->second;
  const auto type = options_.bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const int64_t batch = options_.batch, depth = options_.depth, columns = options_.columns;
  const bool transposed = kind_ == Kind::kTransposedRows;
  TIMBRE_RETURN_IF_ERROR(DnnlGuard("preparing a product", [&] {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (transposed) {
      dnnl::post_ops add;
      add.append_sum(1.0F);
      attributes.set_post_ops(add);
    }
    using Tag = memory::format_tag;
    const memory::desc left = transposed ? memory::desc({batch, depth, rows}, type, Tag::acb)
                                         : memory::desc({batch, rows, depth}, type, Tag::abc);
    memory::desc right({batch, rows, columns}, type, Tag::abc);
    if (!transposed) {
      right = state_->packed.value_or(memory::desc({batch, depth, columns}, type, Tag::any));
    }
    const memory::desc result({batch, transposed ? depth : rows, columns}, memory::data_type::f32, Tag::abc);
    const dnnl::matmul::primitive_desc description({left, right, result}, attributes, Cpu());
    if (!transposed) state_->packed = description.weights_desc();
    state_->by_rows[rows] = {.primitive = dnnl::matmul(description),
                             .left = left,
                             .right = description.weights_desc(),
                             .result = result,
                             .scratch = description.scratchpad_desc()};
  }));
  return &state_->by_rows[rows];
}

absl::Status Matmul::Run(Lane& lane, const void* left, const void* right, int64_t rows, float* result) const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(rows));
  std::vector<std::byte>& scratch = lane.state_->scratch;
  if (scratch.size() < prepared->scratch.get_size()) scratch.resize(prepared->scratch.get_size());
  return DnnlGuard("a product", [&] {
    const memory a(prepared->left, Cpu(), const_cast<void*>(left));
    const memory b(prepared->right, Cpu(), const_cast<void*>(right));
    const memory c(prepared->result, Cpu(), result);
    const memory s(prepared->scratch, Cpu(), scratch.data());
    const std::array<dnnl_exec_arg_t, 4> arguments = {
        dnnl_exec_arg_t{DNNL_ARG_SRC, a.get()}, dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, b.get()},
        dnnl_exec_arg_t{DNNL_ARG_DST, c.get()}, dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, s.get()}};
    dnnl::error::wrap_c_api(dnnl_primitive_execute(prepared->primitive.get(), lane.state_->stream.get(),
                                                   static_cast<int>(arguments.size()), arguments.data()),
                            "executing");
  });
}

absl::StatusOr<size_t> Matmul::PackedBytes() const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(kTypicalRows));
  return prepared->right.get_size();
}

absl::Status Matmul::Pack(Lane& lane, const float* plain, bool transposed, void* packed) const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(kTypicalRows));
  return DnnlGuard("packing weights", [&] {
    const memory::dims dims = {options_.batch, options_.depth, options_.columns};
    const auto tag = transposed ? memory::format_tag::acb : memory::format_tag::abc;
    memory from({dims, memory::data_type::f32, tag}, Cpu(), const_cast<float*>(plain));
    memory to(prepared->right, Cpu(), packed);
    dnnl::reorder(from, to).execute(lane.state_->stream, from, to);
    lane.state_->stream.wait();
  });
}

}  // namespace timbre::train_engine
