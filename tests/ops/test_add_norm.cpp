// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/worst_error.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/common/philox.hpp"
#include "vlsm/ops/add_norm/add_norm.hpp"

// Residual and layer normalization of ops/ against ATen's operations in double precision, in value
// and gradients.
namespace {

using namespace vlsm;
using ops::AddNormOptions;

struct Inputs {
  at::Tensor x, residual, weight, bias, grad_norm, grad_sum;

  explicit Inputs(at::IntArrayRef shape)
      : x(at::randn(shape)),
        residual(at::randn(shape)),
        weight(1 + at::randn({shape.back()}) / 4),
        bias(at::randn({shape.back()})),
        grad_norm(at::randn(shape)),
        grad_sum(at::randn(shape)) {}

  Inputs to(at::ScalarType type) const {
    Inputs other = *this;
    for (at::Tensor* one :
         {&other.x, &other.residual, &other.weight, &other.bias, &other.grad_norm, &other.grad_sum})
      *one = one->to(type);
    return other;
  }
};

/// Who reads what: their gradients come back.
enum class Read { norm, sum, both };

/// Norm and sum, and the gradients with respect to x, residual, weight and bias.
template <class AddNorm>
std::vector<at::Tensor> results(Inputs const& in, Read read, AddNorm const& add_norm) {
  std::vector<at::Tensor> leaves;
  for (at::Tensor const& one : {in.x, in.residual, in.weight, in.bias})
    leaves.push_back(one.detach().requires_grad_(true));
  auto const [norm, sum] = add_norm(leaves[0], leaves[1], leaves[2], leaves[3]);
  std::vector<at::Tensor> read_of, grads;
  if (read != Read::sum) read_of.push_back(norm), grads.push_back(in.grad_norm);
  if (read != Read::norm) read_of.push_back(sum), grads.push_back(in.grad_sum);
  auto all = torch::autograd::grad(read_of, leaves, grads, std::nullopt, false, true);
  all.insert(all.begin(), {norm.detach(), sum.detach()});
  return all;
}

auto fused(AddNormOptions const& options) {
  return [=](auto const&... inputs) { return ops::add_norm(inputs..., options); };
}

/// ATen's operations, with what Philox drops written out.
auto plain(AddNormOptions const& options) {
  return [=](at::Tensor const& x, at::Tensor const& residual, at::Tensor const& weight,
             at::Tensor const& bias) -> ops::AddNormResult {
    kernels::DropoutMask const mask{static_cast<std::uint64_t>(options.seed),
                                    static_cast<std::uint64_t>(options.offset),
                                    kernels::dropout_threshold(options.dropout)};
    at::Tensor const kept = at::empty(x.sizes(), at::kDouble);
    for (std::int64_t i = 0; i < x.numel(); ++i)
      kept.mutable_data_ptr<double>()[i] =
          mask.keeps(static_cast<std::uint64_t>(i)) ? 1 / (1 - options.dropout) : 0;
    at::Tensor const sum = x * kept + residual;
    return {at::layer_norm(sum, weight.sizes(), weight, bias, options.epsilon), sum};
  };
}

/// Nobody asks for the gradients with respect to weight and bias of a sum.
double worst_error(Inputs const& in, Read read, AddNormOptions const& options = {}) {
  return test::worst_error(results(in, read, fused(options)),
                           results(in.to(at::kDouble), read, plain(options)), in.x.scalar_type());
}

}  // namespace

TEST_CASE(
    "residual and norm: rows of any width and number, every type, whoever reads the results") {
  at::manual_seed(1);
  double worst = 0;
  for (at::IntArrayRef const shape : std::vector<std::vector<std::int64_t>>{
           {485, 64}, {2, 77, 39}, {3, 26, 26, 512}, {1, 1, 768}, {9, 2500}})
    for (Read read : {Read::norm, Read::sum, Read::both})
      for (AddNormOptions const& options :
           {AddNormOptions{}, AddNormOptions{.epsilon = 1e-12, .dropout = 0.25, .seed = 5}}) {
        Inputs const in(shape);
        worst = std::max(worst, worst_error(in, read, options));
        CHECK(worst < 2e-6);
        CHECK(worst_error(in.to(at::kHalf), read, options) < 2.0 / 1024);
        CHECK(worst_error(in.to(at::kBFloat16), read, options) < 2.0 / 128);
      }
  std::printf("residual and norm float32: largest error %.2g of the largest value\n", worst);
}

TEST_CASE("residual and norm: any strides; without a gradient the same bits, the sum or not") {
  at::manual_seed(2);
  Inputs const in({2, 19, 30});
  auto const [norm, sum] = ops::add_norm(in.x, in.residual, in.weight, in.bias);
  at::Tensor const columns = in.x.transpose(1, 2).contiguous().transpose(1, 2);
  CHECK(ops::add_norm(columns, in.residual, in.weight, in.bias).norm.equal(norm));
  CHECK(ops::norm_of_sum(in.x, in.residual, in.weight, in.bias).equal(norm));
  CHECK(sum.equal(in.x + in.residual));
  auto const with_gradient = results(in, Read::both, fused({}));
  CHECK(with_gradient[0].equal(norm));
  CHECK(with_gradient[1].equal(sum));
}

TEST_CASE("residual and norm: types as autocast mixes them, each gradient of its tensor's type") {
  at::manual_seed(5);
  auto const f32 = at::kFloat, f16 = at::kHalf, bf16 = at::kBFloat16;
  struct Mixed {
    at::ScalarType x, residual, weight, sum;
  };
  for (Mixed const& types :
       {Mixed{bf16, f32, f32, f32}, Mixed{f16, f32, f32, f32}, Mixed{f32, bf16, f32, f32},
        Mixed{f32, f16, f32, f32}, Mixed{bf16, bf16, f32, bf16}, Mixed{f16, f16, f32, f16}})
    for (AddNormOptions const& options :
         {AddNormOptions{}, AddNormOptions{.dropout = 0.25, .seed = 5}})
      for (Read read : {Read::norm, Read::sum, Read::both}) {
        Inputs in({3, 41, 39});
        in.x = in.x.to(types.x), in.residual = in.residual.to(types.residual);
        in.weight = in.weight.to(types.weight), in.bias = in.bias.to(types.weight);
        in.grad_norm = in.grad_norm.to(types.sum), in.grad_sum = in.grad_sum.to(types.sum);
        auto const found = results(in, read, fused(options)),
                   exact = results(in.to(at::kDouble), read, plain(options));
        at::ScalarType const wanted[] = {types.sum,      types.sum,    types.x,
                                         types.residual, types.weight, types.weight};
        for (std::size_t i = 0; i < exact.size(); ++i) {
          if (!exact[i].defined()) continue;
          double const limit = wanted[i] == f32 && types.sum == f32      ? 2e-6
                               : types.x == f16 || types.residual == f16 ? 2.0 / 1024
                                                                         : 2.0 / 128;
          CHECK(test::worst_error({found[i]}, {exact[i]}, wanted[i]) < limit);
        }
        if (options.dropout > 0) continue;
        // As ATen's operations, whose sum promotes and whose normalization takes such weights.
        auto const by_aten =
            ops::add_norm(in.x, in.residual, in.weight, in.bias, {}, Backend::aten);
        CHECK((by_aten.norm.scalar_type() == types.sum));
        CHECK(by_aten.sum.equal(found[1]));
      }
  // What does not go together is ATen's, whatever that makes of it.
  Inputs const in({4, 8});
  auto const of_both = ops::add_norm(in.x.to(f16), in.residual.to(bf16), in.weight, in.bias);
  CHECK((of_both.sum.scalar_type() == f32));
}

TEST_CASE("residual and norm: the same bits from any number of threads") {
  at::manual_seed(3);
  int const before = at::get_num_threads();
  Inputs const in({3000, 100});
  AddNormOptions const options{.dropout = 0.1, .seed = 11};
  at::set_num_threads(1);
  auto const once = results(in, Read::both, fused(options));
  at::set_num_threads(3);
  auto const again = results(in, Read::both, fused(options));
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(again[i].equal(once[i]));
  at::set_num_threads(before);
}

TEST_CASE("residual and norm: what the kernels leave out is ATen's, dropout too") {
  at::manual_seed(4);
  Inputs const in = Inputs({300, 64}).to(at::kDouble);
  auto const [norm, sum] = ops::add_norm(in.x, in.residual, in.weight, in.bias, {.dropout = 0.5});
  double const kept = (sum - in.residual).ne(0).to(at::kDouble).mean().item<double>();
  CHECK(std::abs(kept - 0.5) < 0.02);
  CHECK(norm.allclose(at::layer_norm(sum, {64}, in.weight, in.bias)));
  Inputs const none({0, 8});
  CHECK(ops::norm_of_sum(none.x, none.residual, none.weight, none.bias).numel() == 0);
}

TEST_CASE("residual and norm: what does not fit is refused in one line") {
  at::Tensor const x = at::zeros({2, 4}), v = at::zeros({4});
  CHECK_THROWS_WITH_AS(ops::add_norm(x, v, v, v),
                       "summands of different shapes: add_norm: x [2, 4], residual [4], weight "
                       "[4], bias [4]: pass both as [..., C]",
                       Error);
  CHECK_THROWS_WITH_AS(ops::add_norm(x, x, v, at::zeros({5})),
                       "weight or bias do not fit the rows: add_norm: x [2, 4], residual [2, 4], "
                       "weight [4], bias [5]: pass both as [C]",
                       Error);
  CHECK_THROWS_WITH_AS(ops::add_norm(x, x, v, v, {.dropout = 1}),
                       "the dropout is no share below 1: add_norm: 1.000000: pass 0 to switch it "
                       "off",
                       Error);
  at::Tensor const leaf = x.detach().requires_grad_(true), y = ops::norm_of_sum(x, leaf, v, v);
  CHECK_THROWS_WITH_AS(torch::autograd::grad({y}, {leaf}, {x}, true, /*create_graph=*/true),
                       "the fused kernels have no second derivative: add_norm: choose "
                       "Backend::aten",
                       Error);
}
