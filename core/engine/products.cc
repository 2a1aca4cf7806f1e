#include "core/engine/products.h"

#include <omp.h>

#include <dnnl.hpp>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/dnnl_guard.h"

namespace timbre::engine {
namespace {

using dnnl::memory;

memory::data_type TypeOf(bool bf16) { return bf16 ? memory::data_type::bf16 : memory::data_type::f32; }

memory::desc BiasOf(int64_t columns) {
  return memory::desc({1, columns}, memory::data_type::f32, memory::format_tag::ab);
}

// UseOneThread for a while.
class OneThreadHere {
 public:
  OneThreadHere() { UseOneThread(); }
  ~OneThreadHere() { omp_set_num_threads(before_); }
  OneThreadHere(const OneThreadHere&) = delete;

 private:
  const int before_ = omp_get_max_threads();
};

}  // namespace

struct Products::State {
  Options options;  // but for the bias, which is another's
  std::map<int64_t, dnnl::matmul> by_rows;
  std::vector<float> bias;
  std::vector<memory> weights;  // of each product
  size_t scratch_bytes = 0;
};

struct Products::Runner::State {
  struct Call {
    dnnl::matmul primitive;
    memory source, destination, scratch;
    std::vector<dnnl_exec_arg_t> arguments{};  // the weights come first
  };
  // From one product to the next.
  struct Strides {
    int64_t source_bytes, destination_bytes;
  };
  Strides StridesOf(int64_t rows) const {
    return {rows * options.row_stride * (options.bf16 ? 2 : 4),
            rows * options.columns * (options.bf16_result ? 2 : 4)};
  }

  Options options;
  memory bias;
  dnnl::stream stream{DnnlCpu()};
  std::vector<memory> weights;
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
  state.options.bias = {};
  state.bias.assign(options.bias.begin(), options.bias.end());
  const auto type = TypeOf(options.bf16);
  TIMBRE_RETURN_IF_ERROR(DnnlGuard("packing weights", [&] {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (!state.bias.empty()) {
      dnnl::post_ops relu;
      relu.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
      attributes.set_post_ops(relu);
    }
    const memory::dims weight_dims = {options.depth, options.columns};
    memory::desc packed(weight_dims, type, memory::format_tag::any);
    // The first count decides the layout of the weights, the others take it.
    for (const int64_t rows : options.row_counts) {
      const memory::desc source({rows, options.depth}, type, {options.row_stride, 1});
      const memory::desc destination({rows, options.columns}, TypeOf(options.bf16_result),
                                     memory::format_tag::ab);
      const dnnl::matmul::desc what =
          state.bias.empty() ? dnnl::matmul::desc(source, packed, destination)
                             : dnnl::matmul::desc(source, packed, BiasOf(options.columns), destination);
      const dnnl::matmul::primitive_desc description(what, attributes, DnnlCpu());
      if (state.by_rows.empty()) packed = description.weights_desc();
      state.scratch_bytes = std::max(state.scratch_bytes, description.scratchpad_desc().get_size());
      state.by_rows.emplace(rows, dnnl::matmul(description));
    }
    const OneThreadHere one_thread;  // packing is over sooner than others would have been woken
    dnnl::stream stream(DnnlCpu());
    for (int64_t i = 0; i < options.batch; ++i) {
      memory plain({weight_dims, memory::data_type::f32, {options.weight_stride, 1}}, DnnlCpu(),
                   const_cast<float*>(weights.data() + i * options.depth * options.weight_stride));
      memory& to = state.weights.emplace_back(packed, DnnlCpu());
      dnnl::reorder(plain, to).execute(stream, plain, to);
      stream.wait();
    }
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
    if (!state_->bias.empty())
      state.bias = memory(BiasOf(state_->options.columns), DnnlCpu(), state_->bias.data());
    state.options = state_->options;
    const memory::dim depth = state_->options.depth, columns = state_->options.columns;
    for (const auto& [rows, primitive] : state_->by_rows) {
      Runner::State::Call& call = state.calls[rows];
      call.primitive = primitive;
      call.source = memory({{rows, depth}, TypeOf(state_->options.bf16), {state_->options.row_stride, 1}},
                           DnnlCpu(), nullptr);
      call.destination = memory(
          {{rows, columns}, TypeOf(state_->options.bf16_result), memory::format_tag::ab}, DnnlCpu(), nullptr);
      const memory::dim bytes = static_cast<memory::dim>(state.scratch.size());
      call.scratch =
          memory({{bytes}, memory::data_type::u8, memory::format_tag::a}, DnnlCpu(), state.scratch.data());
      call.arguments = {dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, nullptr},
                        dnnl_exec_arg_t{DNNL_ARG_SRC, call.source.get()},
                        dnnl_exec_arg_t{DNNL_ARG_DST, call.destination.get()},
                        dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, call.scratch.get()}};
      if (!state_->bias.empty()) call.arguments.push_back({DNNL_ARG_BIAS, state.bias.get()});
    }
    return absl::OkStatus();
  }));
  return runner;
}

absl::Status Products::Runner::Run(const void* source, int64_t rows, void* destination) {
  const auto found = state_->calls.find(rows);
  if (found == state_->calls.end()) {
    return absl::InternalError(absl::StrCat("no product of ", rows, " rows was prepared"));
  }
  State::Call& call = found->second;
  const State::Strides stride = state_->StridesOf(rows);
  auto* from = static_cast<std::byte*>(const_cast<void*>(source));
  auto* to = static_cast<std::byte*>(destination);
  // The C interface: that of C++ makes a map for each call.
  for (const memory& weights : state_->weights) {
    call.arguments.front().memory = weights.get();
    dnnl_status_t status = dnnl_memory_set_data_handle(call.source.get(), from);
    if (status == dnnl_success) status = dnnl_memory_set_data_handle(call.destination.get(), to);
    if (status == dnnl_success) {
      status = dnnl_primitive_execute(call.primitive.get(), state_->stream.get(),
                                      static_cast<int>(call.arguments.size()), call.arguments.data());
    }
    if (status != dnnl_success)
      return absl::InternalError(absl::StrCat("oneDNN: a product failed with status ", status));
    from += stride.source_bytes;
    to += stride.destination_bytes;
  }
  return absl::OkStatus();
}

bool HasBf16Products() {
  static const bool has = [] {
    const std::vector<float> weights(16 * 16);
    return Products::Create({.depth = 16,
                             .columns = 16,
                             .row_stride = 16,
                             .weight_stride = 16,
                             .bf16 = true,
                             .row_counts = {16}},
                            weights)
        .ok();
  }();
  return has;
}

void UseOneThread() { omp_set_num_threads(1); }

}  // namespace timbre::engine
