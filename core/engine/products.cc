#include "core/engine/products.h"

#include <omp.h>

#include <array>
#include <dnnl.hpp>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/kernels.h"

namespace timbre::engine {
namespace {

using dnnl::memory;

dnnl::engine& Cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// The one place where oneDNN's exceptions end.
template <typename Function>
absl::Status DnnlGuard(const char* what, const Function& function) {
  try {
    return function();
  } catch (const dnnl::error& error) {
    return absl::InternalError(
        absl::StrCat("oneDNN, ", what, ": ", error.what(), " (status ", static_cast<int>(error.status), ")"));
  }
}

}  // namespace

struct Products::State {
  Options options;
  std::map<int64_t, dnnl::matmul> by_rows;
  memory weights;
  size_t scratch_bytes = 0;
};

struct Products::Runner::State {
  struct Call {
    dnnl::matmul primitive;
    memory source, destination, scratch;
    std::array<dnnl_exec_arg_t, 4> arguments{};
  };
  dnnl::stream stream{Cpu()};
  memory weights;
  std::vector<std::byte> scratch;
  std::map<int64_t, Call> calls;
};

Products::Products(std::unique_ptr<State> state) : state_(std::move(state)) {}
Products::~Products() = default;
Products::Runner::Runner(std::unique_ptr<State> state) : state_(std::move(state)) {}
Products::Runner::~Runner() = default;

absl::StatusOr<std::shared_ptr<const Products>> Products::Create(const Options& options,
                                                                 std::span<const float> weights) {
  std::shared_ptr<Products> products(new Products(std::make_unique<State>()));
  State& state = *products->state_;
  state.options = options;
  const auto type = options.bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const int64_t stride = options.row_stride;
  TIMBRE_RETURN_IF_ERROR(DnnlGuard("packing weights", [&] {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const memory::dims weight_dims = {options.batch, options.depth, options.columns};
    memory::desc packed(weight_dims, type, memory::format_tag::any);
    // The first count decides the layout of the weights, the others take it.
    for (const int64_t rows : options.row_counts) {
      const memory::desc source({options.batch, rows, options.depth}, type, {rows * stride, stride, 1});
      const memory::desc destination({options.batch, rows, options.columns}, memory::data_type::f32,
                                     memory::format_tag::abc);
      const dnnl::matmul::primitive_desc description({source, packed, destination}, attributes, Cpu());
      if (state.by_rows.empty()) packed = description.weights_desc();
      state.scratch_bytes = std::max(state.scratch_bytes, description.scratchpad_desc().get_size());
      state.by_rows.emplace(rows, dnnl::matmul(description));
    }
    const memory plain({weight_dims, memory::data_type::f32, memory::format_tag::abc}, Cpu(),
                       const_cast<float*>(weights.data()));
    state.weights = memory(packed, Cpu());
    dnnl::stream stream(Cpu());
    dnnl::reorder(plain, state.weights).execute(stream, const_cast<memory&>(plain), state.weights);
    stream.wait();
    return absl::OkStatus();
  }));
  return products;
}

absl::StatusOr<std::unique_ptr<Products::Runner>> Products::MakeRunner() const {
  std::unique_ptr<Runner> runner(new Runner(std::make_unique<Runner::State>()));
  Runner::State& state = *runner->state_;
  TIMBRE_RETURN_IF_ERROR(DnnlGuard("making a runner", [&] {
    state.weights = state_->weights;
    state.scratch.resize(state_->scratch_bytes);
    const auto type = state_->options.bf16 ? memory::data_type::bf16 : memory::data_type::f32;
    const int64_t stride = state_->options.row_stride;
    for (const auto& [rows, primitive] : state_->by_rows) {
      Runner::State::Call& call = state.calls[rows];
      call.primitive = primitive;
      call.source =
          memory({{state_->options.batch, rows, state_->options.depth}, type, {rows * stride, stride, 1}},
                 Cpu(), nullptr);
      call.destination = memory({{state_->options.batch, rows, state_->options.columns},
                                 memory::data_type::f32,
                                 memory::format_tag::abc},
                                Cpu(), nullptr);
      const memory::dim bytes = static_cast<memory::dim>(state.scratch.size());
      call.scratch =
          memory({{bytes}, memory::data_type::u8, memory::format_tag::a}, Cpu(), state.scratch.data());
      call.arguments = {dnnl_exec_arg_t{DNNL_ARG_SRC, call.source.get()},
                        dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, state.weights.get()},
                        dnnl_exec_arg_t{DNNL_ARG_DST, call.destination.get()},
                        dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, call.scratch.get()}};
    }
    return absl::OkStatus();
  }));
  return runner;
}

absl::Status Products::Runner::Run(const void* source, int64_t rows, float* destination) {
  const auto found = state_->calls.find(rows);
  if (found == state_->calls.end()) {
    return absl::InternalError(absl::StrCat("no product of ", rows, " rows was prepared"));
  }
  State::Call& call = found->second;
  // The C interface: that of C++ makes a map for each call.
  dnnl_status_t status = dnnl_memory_set_data_handle(call.source.get(), const_cast<void*>(source));
  if (status == dnnl_success) status = dnnl_memory_set_data_handle(call.destination.get(), destination);
  if (status == dnnl_success) {
    status = dnnl_primitive_execute(call.primitive.get(), state_->stream.get(),
                                    static_cast<int>(call.arguments.size()), call.arguments.data());
  }
  return status == dnnl_success
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat("oneDNN: a product failed with status ", status));
}

void UseOneThread() { omp_set_num_threads(1); }

}  // namespace timbre::engine
