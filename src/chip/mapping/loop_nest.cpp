#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "chip/mapping/mapping.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

/// Elements of the bounding box of an operand's tile, cut to the tensor.
std::int64_t box_words(const Operand& operand, const DimArray& tile) {
  std::int64_t words = 1;
  for (const Rank& rank : operand.ranks) {
    std::int64_t length = 1;
    for (const AffineTerm& term : rank.terms) {
      length += term.coefficient * (tile[index(term.dim)] - 1);
    }
    words *= std::min(length, rank.extent);
  }
  return words;
}

std::string dims_text(const Operand& operand, const DimArray& tile) {
  std::string text;
  for (const Dim dim : kDims) {
    if (!operand.indexed_by(dim) || tile[index(dim)] == 1) continue;
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", name(dim), tile[index(dim)]);
  }
  return text.empty() ? "one element" : text;
}

class Writer {
 public:
  void level(const MemoryLevel& level, const Layer& layer, const DimArray& tile) {
    std::string kept;
    for (const Operand& operand : layer.op.operands()) {
      if (!level.keeps.contains(operand.role)) continue;
      kept += fmt::format("{}{} {} ({})", kept.empty() ? "" : ", ", operand.name,
                          box_words(operand, tile), dims_text(operand, tile));
    }
    line(fmt::format("[{}] {}", level.name, kept.empty() ? "keeps nothing of this layer" : kept));
  }

  void loops(const std::vector<Loop>& loops, std::string_view kind, DimArray& tile) {
    for (const Loop& loop : loops) {
      std::int64_t& size = tile[index(loop.dim)];
      const std::int64_t step = (size - 1) / loop.bound + 1;
      const std::int64_t trips = (size - 1) / step + 1;
      std::string note;
      if (trips * step != size) note = fmt::format("   # last tile {}", size - (trips - 1) * step);
      line(fmt::format("{} {} in 0..{}:{}", kind, name(loop.dim), trips, note));
      ++depth_;
      size = step;
    }
  }

  void line(const std::string& text) { text_ += std::string(2 * depth_, ' ') + text + '\n'; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

std::string to_loop_nest(const Mapping& mapping, const Layer& layer,
                         const Accelerator& accelerator) {
  HWFLOW_CHECK(mapping.levels.size() == accelerator.levels().size(),
               "a mapping of another number of levels");
  std::optional<Accelerator> made;
  const auto& levels = nested_as(mapping, accelerator, made).levels();
  Writer writer;
  DimArray tile = layer.op.bounds();
  for (LevelIndex l = 0; l < mapping.levels.size(); ++l) {
    writer.level(levels[l], layer, tile);
    const LevelLoops& loops = mapping.levels[l];
    writer.loops(loops.temporal, "for", tile);
    writer.loops(loops.spatial_x, "columns", tile);
    writer.loops(loops.spatial_y, "rows", tile);
  }
  writer.line(layer.op.arithmetic() == Arithmetic::multiply_accumulate ? "[MAC]" : "[compute]");
  return writer.take();
}

}  // namespace hwflow::chip
