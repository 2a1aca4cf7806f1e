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
  size_t left_bytes = 0, right_bytes = 0, result_bytes = 0;  // from one product to the next
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
  const int64_t depth = options_.depth, columns = options_.columns;
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
    const memory::desc left =
        transposed ? memory::desc({depth, rows}, type, Tag::ba) : memory::desc({rows, depth}, type, Tag::ab);
    memory::desc right({rows, columns}, type, Tag::ab);
    if (!transposed) right = state_->packed.value_or(memory::desc({depth, columns}, type, Tag::any));
    const memory::desc result({transposed ? depth : rows, columns}, memory::data_type::f32, Tag::ab);
    const dnnl::matmul::primitive_desc description({left, right, result}, attributes, Cpu());
    if (!transposed) state_->packed = description.weights_desc();
    state_->by_rows[rows] = {.primitive = dnnl::matmul(description),
                             .left = left,
                             .right = description.weights_desc(),
                             .result = result,
                             .scratch = description.scratchpad_desc(),
                             .left_bytes = left.get_size(),
                             .right_bytes = description.weights_desc().get_size(),
                             .result_bytes = result.get_size()};
  }));
  return &state_->by_rows[rows];
}

absl::Status Matmul::Run(Lane& lane, const void* left, const void* right, int64_t rows, float* result) const {
  TIMBRE_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(rows));
  std::vector<std::byte>& scratch = lane.state_->scratch;
  if (scratch.size() < prepared->scratch.get_size()) scratch.resize(prepared->scratch.get_size());
  return DnnlGuard("a product", [&] {
    const memory a(prepared->left, Cpu(), nullptr), b(prepared->right, Cpu(), nullptr),
        c(prepared->result, Cpu(), nullptr), s(prepared->scratch, Cpu(), scratch.data());
    const std::array<dnnl_exec_arg_t, 4> arguments = {
        dnnl_exec_arg_t{DNNL_ARG_SRC, a.get()}, dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, b.get()},
        dnnl_exec_arg_t{DNNL_ARG_DST, c.get()}, dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, s.get()}};
    const auto place = [](const memory& operand, const void* first, size_t offset) {
      operand.set_data_handle(static_cast<std::byte*>(const_cast<void*>(first)) + offset);
    };
    for (size_t i = 0; i < static_cast<size_t>(options_.batch); ++i) {
      place(a, left, i * prepared->left_bytes);
      place(b, right, i * prepared->right_bytes);
      place(c, result, i * prepared->result_bytes);
      dnnl::error::wrap_c_api(dnnl_primitive_execute(prepared->primitive.get(), lane.state_->stream.get(),
                                                     static_cast<int>(arguments.size()), arguments.data()),
                              "executing");
    }
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
      memory from({dims, memory::data_type::f32, tag}, Cpu(),
                  const_cast<float*>(plain + i * options_.depth * options_.columns));
      memory to(prepared->right, Cpu(),
                static_cast<std::byte*>(packed) + static_cast<size_t>(i) * prepared->right_bytes);
      dnnl::reorder(from, to).execute(lane.state_->stream, from, to);
      lane.state_->stream.wait();
    }
  });
}

}  // namespace timbre::train_engine
