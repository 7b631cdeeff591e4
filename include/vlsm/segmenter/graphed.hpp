// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/segmenter/any_segmenter.hpp"

#ifdef VLSM_KERNELS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/GradMode.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "vlsm/nn/check_input.hpp"

namespace vlsm {

/// A model on a GPU whose passes are replayed. Of a model's some hundred kernels each takes the
/// host longer to start than a GPU takes to run for one picture; a CUDA graph starts all of them
/// at once. The first pass of a shape is recorded, further ones of it are replayed. Only where the
/// library is built with VLSM_CUDA.
///
/// Not for two threads at a time. While it lives, the model stays as it is and where it is. Throws
/// Error where that cannot be.
class GraphedSegmenter {
 public:
  /// `model` evaluates, on a GPU (`prepare` it first), and lives at least as long. Graphs of up to
  /// `shapes` shapes are kept, of others the longest unused makes room. Throws Error for a model on
  /// a CPU, or one that trains.
  explicit GraphedSegmenter(AnySegmenter const& model, std::size_t shapes = 8)
      : model_(&model), shapes_(std::max<std::size_t>(1, shapes)) {
    auto const parameters = model.module().parameters();
    if (parameters.empty() || !parameters[0].is_cuda())
      throw Error("only a model on a GPU is replayed", "GraphedSegmenter",
                  "move it there: model.to(at::kCUDA)");
    if (model.module().is_training())
      throw Error("a model that trains is not replayed", "GraphedSegmenter",
                  "prepare it, or call eval() first");
    gpu_ = parameters[0].device();
  }

  /// image [B, 3, H, W], tokens [B, L] on the CPU, where ids are checked without waiting for the
  /// GPU -> logits [B, 1, H, W] on the GPU; see AnySegmenter::forward. Throws Error as that does,
  /// and for ids on a GPU.
  at::Tensor forward(at::Tensor const& image, Tokens const& tokens) {
    at::NoGradGuard const no_gradients;
    c10::cuda::CUDAGuard const guard(gpu_);
    if (tokens.ids.defined() && model_->info.vocabulary > 0) {
      if (!tokens.ids.is_cpu())
        throw Error("ids that lie on a GPU cannot be checked without waiting for it",
                    "GraphedSegmenter", "pass them as the tokenizer makes them, on the CPU");
      check_tokens(tokens.ids, model_->info.vocabulary);
    }
    Graph& graph = graph_of(image, tokens);
    graph.image.copy_(image, /*non_blocking=*/image.is_cuda());  // else the caller may change it
    if (graph.tokens.ids.defined()) graph.tokens.ids.copy_(tokens.ids);
    graph.graph.replay();
    return graph.logits.clone();
  }

 private:
  struct Graph {
    at::Tensor image, logits;
    Tokens tokens;
    at::cuda::CUDAGraph graph;

    bool fits(at::Tensor const& other, Tokens const& said) const {
      return other.sizes() == image.sizes() && other.scalar_type() == image.scalar_type() &&
             said.ids.defined() == tokens.ids.defined() &&
             (!said.ids.defined() || (said.ids.sizes() == tokens.ids.sizes() &&
                                      said.ids.scalar_type() == tokens.ids.scalar_type()));
    }
  };

  /// The graph of such a pass, at the front of the list.
  Graph& graph_of(at::Tensor const& image, Tokens const& tokens) {
    auto const found = std::find_if(graphs_.begin(), graphs_.end(),
                                    [&](auto const& one) { return one->fits(image, tokens); });
    if (found != graphs_.end()) {
      graphs_.splice(graphs_.begin(), graphs_, found);
    } else {
      auto recorded = record(image, tokens);
      if (graphs_.size() == shapes_) graphs_.pop_back();
      graphs_.push_front(std::move(recorded));
    }
    return *graphs_.front();
  }

  std::unique_ptr<Graph> record(at::Tensor const& image, Tokens const& tokens) const {
    auto made = std::make_unique<Graph>();
    made->image = image.to(gpu_).clone();
    if (tokens.ids.defined()) made->tokens.ids = tokens.ids.to(gpu_).clone();
    // What libraries set up at their first call is not recorded, and errors are those of a pass.
    for (int warming = 0; warming < 2; ++warming) model_->forward(made->image, made->tokens);
    c10::cuda::device_synchronize();
    c10::cuda::CUDAStreamGuard const aside(c10::cuda::getStreamFromPool(false, gpu_.index()));
    made->graph.capture_begin();
    try {
      made->logits = model_->forward(made->image, made->tokens);
    } catch (...) {
      try {
        made->graph.capture_end();  // else the GPU would go on recording
      } catch (c10::Error const&) {
      }
      throw;
    }
    made->graph.capture_end();
    return made;
  }

  AnySegmenter const* model_;
  std::size_t shapes_;
  at::Device gpu_ = at::kCUDA;
  std::list<std::unique_ptr<Graph>> graphs_;
};

}  // namespace vlsm
#endif
