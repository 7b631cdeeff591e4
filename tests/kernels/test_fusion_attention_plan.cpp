// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "kernels/docs_table.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/attention/tuning.hpp"

using namespace vlsm::kernels;

namespace {

AttentionShape shape_of(Arithmetic arithmetic, int width, int keys) {
  return {.batch = 8,
          .heads = 8,
          .queries = 676,
          .keys = keys,
          .width = width,
          .arithmetic = arithmetic,
          .scale = 1};
}

constexpr Arithmetic arithmetics[] = {Arithmetic::f32, Arithmetic::tf32, Arithmetic::f16,
                                      Arithmetic::bf16};
constexpr int widths[] = {16, 32, 64, 80, 128};

/// "31 744" or "31744".
int number(std::string text) {
  std::erase(text, ' ');
  return std::stoi(text);
}

using vlsm::test::table_of_docs;

}  // namespace

TEST_CASE("fusion attention, plan: shared memory is what the docs' table says") {
  auto const rows = table_of_docs("shared memory");
  CHECK(rows.size() == 8);
  for (auto const& row : rows) {
    auto const arithmetic = row[0] == "16 bit" ? Arithmetic::f16 : Arithmetic::tf32;
    AttentionShape const shape = shape_of(arithmetic, number(row[1]), number(row[2]));
    for (int column : {0, 1}) {
      auto const tuning = column == 0 ? attention_tuning(90, 132) : attention_tuning(86, 84);
      CAPTURE(row[0] + " " + row[1] + " " + row[2]);
      CHECK(query_plan(shape, 1, 16, tuning).shared_bytes == number(row[3 + 3 * column]));
      CHECK(query_plan(shape, 2, 16, tuning).shared_bytes == number(row[4 + 3 * column]));
      CHECK(key_plan(shape, 16, tuning).shared_bytes == number(row[5 + 3 * column]));
    }
  }
}

TEST_CASE("fusion attention, plan: fits every GPU, for every width and number of keys") {
  for (int capability : {80, 86, 87, 89, 90, 100, 120})
    for (Arithmetic arithmetic : arithmetics)
      for (int width : widths)
        for (int keys : {0, 1, 16, 17, 77, 256, 300, 5000}) {
          AttentionShape const shape = shape_of(arithmetic, width, keys);
          auto const tuning = attention_tuning(capability, 108);
          CAPTURE(capability);
          CAPTURE(width);
          CAPTURE(keys);
          for (int held : {1, 2}) {
            int const rows = held == 1 && arithmetic == Arithmetic::f32 && width <= 64 ? 32 : 16;
            QueryPlan const plan = query_plan(shape, held, rows, tuning);
            CHECK(plan.shared_bytes <= tuning.shared_bytes);
            CHECK(plan.tile % 16 == 0);
            CHECK(plan.tile >= (keys > 0 ? 16 : 0));
            CHECK(plan.groups >= 1);
          }
          KeyPlan const plan = key_plan(shape, 16, tuning);
          CHECK(plan.shared_bytes <= tuning.shared_bytes);
          CHECK(plan.warps >= 1);
          CHECK(plan.splits * plan.queries_a_split >= shape.queries);
          CHECK((plan.splits - 1) * plan.queries_a_split < shape.queries);
          FusedPlan const fused = fused_plan(shape, tuning);
          CHECK(fused.shared_bytes <= tuning.shared_bytes);
          bool const wanted = arithmetic != Arithmetic::f32 && keys > 0 && keys <= fused_keys;
          CHECK((fused.shared_bytes == 0 || wanted));
          if (wanted && element_bytes(arithmetic) == 2) CHECK(fused.shared_bytes > 0);
          if (fused.shared_bytes == 0) continue;
          CHECK(16 * fused.warps >= keys);
          CHECK(fused.warps <= 8);
          CHECK(fused.tile % 16 == 0);
          CHECK(fused.queries_a_split % fused.tile == 0);
          CHECK(fused.splits * fused.queries_a_split >= shape.queries);
          CHECK((fused.splits - 1) * fused.queries_a_split < shape.queries);
        }
}

TEST_CASE(
    "fusion attention, plan: the backward of 77 keys has ten warps a multiprocessor or more") {
  struct Gpu {
    int capability, multiprocessors, shared_bytes;  // of a multiprocessor
  };
  for (Gpu const& gpu :
       {Gpu{80, 108, 164 * 1024}, Gpu{86, 84, 100 * 1024}, Gpu{90, 132, 228 * 1024},
        Gpu{100, 148, 228 * 1024}, Gpu{120, 170, 100 * 1024}})
    for (Arithmetic arithmetic : {Arithmetic::f16, Arithmetic::bf16})
      for (int width : {16, 32, 64}) {
        AttentionShape const shape = shape_of(arithmetic, width, 77);
        FusedPlan const plan =
            fused_plan(shape, attention_tuning(gpu.capability, gpu.multiprocessors));
        // 1 KB of each block is CUDA's; 128 registers a thread.
        int const by_memory = gpu.shared_bytes / (plan.shared_bytes + 1024),
                  by_registers = 65536 / (128 * 32 * plan.warps);
        CHECK(plan.warps * std::min(by_memory, by_registers) >= 10);
        // 64 heads: a split more would be more than two blocks a multiprocessor.
        CHECK(64 * (plan.splits + 1) > 2 * gpu.multiprocessors);
      }
}

TEST_CASE("fusion attention, plan: 77 keys of CLIP are one chunk, and one tile on every GPU") {
  for (Arithmetic arithmetic : arithmetics)
    for (int width : {16, 32, 64}) {
      if (arithmetic != Arithmetic::f32) CHECK(forward_chunk(arithmetic, width) >= 77);
      CHECK(query_plan(shape_of(arithmetic, width, 77), 1, 32, attention_tuning(86, 84)).tile >=
            77);
    }
}

TEST_CASE("fusion attention, plan: rows of shared memory meet no bank twice") {
  for (int width : widths) {
    // ldmatrix and float4: eight rows (of four lanes' keys: four) that lie in eight times 16 bytes.
    for (Arithmetic arithmetic : arithmetics) {
      int const bytes = row_bytes(shape_of(arithmetic, width, 1));
      std::set<int> places;
      for (int row = 0; row < 8; ++row) places.insert(row * bytes / 16 % 8);
      CHECK(bytes % 16 == 0);
      CHECK(places.size() == 8);
    }
    // TF32 fragments: 32 lanes read 4 bytes each.
    int const stride = row_bytes(shape_of(Arithmetic::tf32, width, 1)) / 4;
    std::set<int> left, right;
    for (int g = 0; g < 8; ++g)
      for (int t = 0; t < 4; ++t) {
        left.insert((g * stride + t) % 32);
        right.insert((2 * t * stride + g) % 32);
      }
    CHECK(left.size() == 32);
    CHECK(right.size() == 32);
  }
}
