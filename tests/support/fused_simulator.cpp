#include "tests/support/fused_simulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "chip/fusion/pipeline.hpp"
#include "tests/support/tap_paths.hpp"

namespace hwflow::testing {
namespace {

using chip::Axis;
using chip::Halo;
using chip::HaloPolicy;
using Pixel = std::pair<std::int64_t, std::int64_t>;  ///< (outer, inner)
using Pixels = std::set<Pixel>;

constexpr std::int64_t kNever = std::int64_t{1} << 60;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// What happens along one axis: which indices of every tensor each step makes or fetches, and
/// which ones its kept readers read.
struct AxisWalk {
  std::int64_t steps = 1;
  std::vector<Indices> needed;             ///< [tensor]
  std::vector<std::vector<Indices>> made;  ///< [tensor][step]
  std::vector<std::vector<Indices>> read;  ///< [read][step]
};

class Simulator {
 public:
  Simulator(const Network& network, const chip::FusionGraph& graph, const chip::Group& group,
            const chip::GroupSchedule& schedule, bool double_buffered)
      : network_(network),
        graph_(graph),
        group_(group),
        schedule_(schedule),
        double_buffered_(double_buffered) {
    find_paths();
    const Axis inner = schedule.outer == Axis::rows ? Axis::columns : Axis::rows;
    outer_ = walk(schedule.outer, true);
    inner_ = walk(inner, false);
  }

  PipelineSimulation run_pipeline(const std::vector<std::size_t>& stages) {
    const std::size_t tensors = group_.tensors.size();
    there_.assign(tensors, {});
    const std::int64_t slots =
        outer_.steps * inner_.steps + static_cast<std::int64_t>(stages.back());
    PipelineSimulation result;
    for (std::int64_t slot = 0; slot < slots; ++slot)
      result.live.push_back(pipeline_slot(stages, slot));
    result.faults = std::move(result_.faults);
    return result;
  }

  FusedSimulation run() {
    const std::size_t tensors = group_.tensors.size();
    result_.kept_in_vain.assign(tensors, 0);
    result_.made_pixels.assign(group_.layers.size(), 0);
    result_.working_steps.assign(group_.layers.size(), 0);
    there_.assign(tensors, {});
    ever_.assign(tensors, {});
    for (std::size_t t = 0; t < tensors; ++t) pixel_bits_.push_back(pixel_bits(t));
    for (std::int64_t o = 0; o < outer_.steps; ++o)
      for (std::int64_t i = 0; i < inner_.steps; ++i) step(o, i);
    finish();
    return std::move(result_);
  }

 private:
  /// Channels of a pixel that must be there at a time: a part of them where the next layer uses
  /// every pixel up in the step that makes it.
  [[nodiscard]] std::int64_t pixel_bits(std::size_t t) const {
    const chip::GroupTensor& tensor = group_.tensors[t];
    if (!tensor.can_pass_parts || policy(t) != HaloPolicy::retain) return tensor.kept_bits;
    for (std::int64_t o = 0; o < outer_.steps; ++o)
      for (std::int64_t i = 0; i < inner_.steps; ++i)
        for (const Pixel& pixel : read(tensor.reads.front(), o, i))
          if (!made(t, o, i).contains(pixel)) return tensor.kept_bits;
    for (std::int64_t o = 0; o < outer_.steps; ++o)
      for (std::int64_t i = 0; i < inner_.steps; ++i)
        for (const Pixel& pixel : made(t, o, i))
          if (!read(tensor.reads.front(), o, i).contains(pixel)) return tensor.kept_bits;
    return tensor.kept_bits / tensor.channels * ceil_div(tensor.channels, schedule_.channel_parts);
  }

  void find_paths() {
    std::set<std::string> stored;
    for (const chip::FusionTensor& tensor : graph_.tensors) stored.insert(tensor.name);
    std::map<std::size_t, std::size_t> used;  // reads of each layer, kept and not, in order
    for (const chip::GroupLayer& layer : group_.layers) {
      std::vector<Path> paths;
      list_paths(network_, stored, network_.node(graph_.layers[layer.layer].node), {}, paths);
      layer_paths_.push_back(std::move(paths));
    }
    // A read that is taken from DRAM although the chip has the value stands twice: the one that is
    // not kept comes first.
    for (const chip::GroupRead& read : group_.reads) {
      std::size_t& next = used[read.layer];
      paths_.push_back(&layer_paths_[read.layer].at(next));
      if (read.is_kept) ++next;
    }
  }

  [[nodiscard]] HaloPolicy policy(std::size_t tensor) const { return schedule_.halos[tensor]; }
  [[nodiscard]] bool is_again(std::size_t tensor, bool outer) const {
    const HaloPolicy halo = policy(tensor);
    return outer ? halo != HaloPolicy::retain : halo == HaloPolicy::again;
  }

  AxisWalk walk(Axis axis, bool is_outer) const {
    AxisWalk result;
    const auto size = [&](std::size_t tensor) {
      return axis == Axis::rows ? group_.tensors[tensor].height : group_.tensors[tensor].width;
    };
    const std::size_t tensors = group_.tensors.size();
    const std::int64_t tile = axis == Axis::rows ? schedule_.tile_rows : schedule_.tile_columns;
    const std::int64_t reference = size(group_.layers.back().output);
    result.steps = ceil_div(reference, tile);
    result.needed.resize(tensors);
    result.made.assign(tensors, std::vector<Indices>(static_cast<std::size_t>(result.steps)));
    result.read.assign(group_.reads.size(),
                       std::vector<Indices>(static_cast<std::size_t>(result.steps)));
    std::vector<std::size_t> order;
    for (std::size_t l = group_.layers.size(); l-- > 0;) order.push_back(group_.layers[l].output);
    for (std::size_t t = 0; t < tensors; ++t)
      if (!group_.tensors[t].producer) order.push_back(t);

    for (const std::size_t t : order) {
      const chip::GroupTensor& tensor = group_.tensors[t];
      if (tensor.is_output)
        for (std::int64_t i = 0; i < size(t); ++i) result.needed[t].insert(i);
      for (const std::size_t r : tensor.reads)
        for (const std::int64_t out : result.needed[output(r)])
          result.needed[t].merge(through(*paths_[r], axis, out));

      std::int64_t frontier = 0;
      for (std::int64_t i = 0; i < result.steps; ++i) {
        const auto s = static_cast<std::size_t>(i);
        Indices kept_reads;
        std::int64_t next = frontier;
        for (const std::size_t r : tensor.reads) {
          for (const std::int64_t out : result.made[output(r)][s])
            result.read[r][s].merge(through(*paths_[r], axis, out));
          const Indices& reads = result.read[r][s];
          if (!reads.empty()) next = std::max(next, *reads.rbegin() + 1);
          if (group_.reads[r].is_kept) kept_reads.insert(reads.begin(), reads.end());
        }
        const std::int64_t done = std::min((i + 1) * tile, reference);
        if (tensor.is_output && (tensor.reads.empty() || i + 1 == result.steps))
          next = std::max(next, ceil_div(size(t) * done, reference));
        std::int64_t first = frontier;
        if (is_again(t, is_outer)) {
          if (!kept_reads.empty()) first = std::min(first, *kept_reads.begin());
        }
        for (std::int64_t index = first; index < next; ++index)
          if (result.needed[t].contains(index)) result.made[t][s].insert(index);
        frontier = next;
      }
    }
    return result;
  }

  [[nodiscard]] std::size_t output(std::size_t read) const {
    return group_.layers[group_.reads[read].layer].output;
  }

  static Pixels product(const Indices& outer, const Indices& inner) {
    Pixels pixels;
    for (const std::int64_t o : outer)
      for (const std::int64_t i : inner) pixels.insert({o, i});
    return pixels;
  }

  [[nodiscard]] Pixels made(std::size_t tensor, std::int64_t o, std::int64_t i) const {
    return product(outer_.made[tensor][static_cast<std::size_t>(o)],
                   inner_.made[tensor][static_cast<std::size_t>(i)]);
  }
  [[nodiscard]] Pixels read(std::size_t read, std::int64_t o, std::int64_t i) const {
    return product(outer_.read[read][static_cast<std::size_t>(o)],
                   inner_.read[read][static_cast<std::size_t>(i)]);
  }

  /// Pixels of a tensor that kept readers read while or after `layer` works in step (o, i): those
  /// of the present band and of later ones; `this_step`: only those of this step.
  struct Future {
    Pixels band, later, step;
  };
  Future future(std::size_t tensor, std::int64_t o, std::int64_t i, std::size_t layer) const {
    Future reads;
    for (const std::size_t r : group_.tensors[tensor].reads) {
      if (!group_.reads[r].is_kept) continue;
      if (group_.reads[r].layer >= layer) reads.step.merge(read(r, o, i));
      for (std::int64_t x = i + 1; x < inner_.steps; ++x) reads.band.merge(read(r, o, x));
      for (std::int64_t y = o + 1; y < outer_.steps; ++y)
        for (std::int64_t x = 0; x < inner_.steps; ++x) reads.later.merge(read(r, y, x));
    }
    reads.band.insert(reads.step.begin(), reads.step.end());
    return reads;
  }

  /// Drops what the policy of a tensor does not keep; counts the rest.
  std::int64_t keep(std::size_t t, std::int64_t o, std::int64_t i, std::size_t layer) {
    const Future reads = future(t, o, i, layer);
    Pixels kept, truly;
    const auto first = [](const Pixels& pixels, bool outer) {
      std::int64_t least = std::int64_t{1} << 60;
      for (const Pixel& pixel : pixels) least = std::min(least, outer ? pixel.first : pixel.second);
      return least;
    };
    switch (policy(t)) {
      case HaloPolicy::retain: {
        const std::int64_t low = first(reads.band, true), left = first(reads.band, false);
        const std::int64_t later = first(reads.later, true);
        for (const Pixel& pixel : there_[t]) {
          if (pixel.first >= later || (pixel.first >= low && pixel.second >= left))
            kept.insert(pixel);
          if (reads.band.contains(pixel) || reads.later.contains(pixel)) truly.insert(pixel);
        }
        break;
      }
      case HaloPolicy::in_band: {
        const std::int64_t left = first(reads.band, false);
        for (const Pixel& pixel : there_[t]) {
          if (outer_.made[t][static_cast<std::size_t>(o)].contains(pixel.first) &&
              pixel.second >= left)
            kept.insert(pixel);
          if (reads.band.contains(pixel)) truly.insert(pixel);
        }
        break;
      }
      case HaloPolicy::again: {
        bool is_wanted = false;
        for (const std::size_t r : group_.tensors[t].reads)
          is_wanted = is_wanted || (group_.reads[r].is_kept && group_.reads[r].layer >= layer);
        if (is_wanted)
          for (const Pixel& pixel : made(t, o, i))
            if (there_[t].contains(pixel)) kept.insert(pixel);
        for (const Pixel& pixel : there_[t])
          if (reads.step.contains(pixel)) truly.insert(pixel);
        break;
      }
    }
    for (const Pixel& pixel : truly)
      if (!kept.contains(pixel)) fault("tensor {} drops what is still read", t);
    result_.kept_in_vain[t] =
        std::max(result_.kept_in_vain[t], static_cast<std::int64_t>(kept.size() - truly.size()));
    there_[t] = std::move(kept);
    return static_cast<std::int64_t>(there_[t].size());
  }

  template <class... Arguments>
  void fault(const char* format, const Arguments&... arguments) {
    if (result_.faults.size() < 10)
      result_.faults.push_back(fmt::format(fmt::runtime(format), arguments...));
  }

  /// Is it made here, written, and read again under another name?
  [[nodiscard]] bool is_exchanged(const chip::GroupTensor& tensor) const {
    std::set<bool> made;
    for (const chip::GroupTensor& other : group_.tensors)
      if (other.tensor == tensor.tensor) made.insert(other.producer.has_value());
    return made.size() == 2;
  }

  /// Makes or fetches the block of a tensor.
  void bring(std::size_t t, std::int64_t o, std::int64_t i) {
    const Pixels block = made(t, o, i);
    const chip::GroupTensor& tensor = group_.tensors[t];
    const auto count = static_cast<std::int64_t>(block.size());
    if (!tensor.producer) {
      (tensor.is_read_again ? result_.traffic.read_again_bits : result_.traffic.fetched_bits) +=
          count * tensor.fetched_bits * group_.batch;
      StepTransfers& now = result_.transfers.back();
      (is_exchanged(tensor) ? now.again_read_bits : now.source_bits) += count * tensor.fetched_bits;
      result_.map_words += count * tensor.fetched_words * group_.batch;
    } else {
      result_.made_pixels[*tensor.producer] += count;
      if (count > 0) ++result_.working_steps[*tensor.producer];
    }
    for (const Pixel& pixel : block) {
      const bool is_new = ever_[t].insert(pixel).second;
      if (tensor.producer && is_new && tensor.written_bits > 0) {
        result_.traffic.written_bits += tensor.written_bits * group_.batch;
        StepTransfers& now = result_.transfers.back();
        (is_exchanged(tensor) ? now.again_written_bits : now.written_bits) += tensor.written_bits;
        result_.output_words += tensor.written_words * group_.batch;
      }
      if (!is_new && policy(t) == HaloPolicy::retain) fault("tensor {} is made twice", t);
      there_[t].insert(pixel);
    }
  }

  void step(std::int64_t o, std::int64_t i) {
    result_.transfers.emplace_back();
    for (std::size_t t = 0; t < group_.tensors.size(); ++t)
      if (!group_.tensors[t].producer) bring(t, o, i);
    std::vector<std::int64_t> live;
    for (std::size_t l = 0; l < group_.layers.size(); ++l) {
      const chip::GroupLayer& layer = group_.layers[l];
      for (const std::size_t r : layer.reads)
        for (const Pixel& pixel : read(r, o, i))
          if (!there_[group_.reads[r].tensor].contains(pixel))
            fault("layer {} reads what is not there", l);
      bring(layer.output, o, i);
      std::int64_t bits = 0;
      for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
        const std::int64_t pixels = keep(t, o, i, l);
        bits += pixels * pixel_bits_[t];
      }
      const auto block = static_cast<std::int64_t>(made(layer.output, o, i).size());
      bits += block * layer.unfinished_bits / layer.channels *
              ceil_div(layer.channels, schedule_.channel_parts);
      if (block > 0) note_block(l, o, i);
      if (block > 0 && !schedule_.resident_weights[l]) {
        result_.traffic.weight_bits += layer.weight_bits * group_.batch;
        result_.transfers.back().weight_bits += layer.weight_bits;
        result_.weight_words += layer.weight_words * group_.batch;
      }
      live.push_back(bits);
      result_.peak_bits = std::max(result_.peak_bits, bits);
    }
    result_.live.push_back(std::move(live));
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const bool ends_band = i + 1 == inner_.steps && policy(t) == HaloPolicy::in_band;
      if (ends_band || policy(t) == HaloPolicy::again) there_[t].clear();
    }
  }

  /// A step of a stage, none before it starts and after it ends.
  struct StageStep {
    std::int64_t number = 0, outer = 0, inner = 0;
    bool works = false;
  };
  [[nodiscard]] StageStep stage_step(std::size_t stage, std::int64_t slot) const {
    StageStep step;
    step.number = slot - static_cast<std::int64_t>(stage);
    step.works = step.number >= 0 && step.number < outer_.steps * inner_.steps;
    step.outer = step.number / inner_.steps;
    step.inner = step.number % inner_.steps;
    return step;
  }

  /// Bits that are there while all stages work in a slot.
  std::int64_t pipeline_slot(const std::vector<std::size_t>& stages, std::int64_t slot) {
    const std::vector<Pixels> before = there_;
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const StageStep at = stage_step(stage_of_tensor(group_, stages, t), slot);
      if (!at.works) continue;
      const bool is_new_band = at.inner == 0 && policy(t) == HaloPolicy::in_band;
      if (is_new_band || policy(t) == HaloPolicy::again) there_[t].clear();
      there_[t].merge(made(t, at.outer, at.inner));
    }
    std::int64_t bits = 0;
    for (std::size_t l = 0; l < group_.layers.size(); ++l) {
      const StageStep at = stage_step(stages[l], slot);
      if (!at.works) continue;
      const chip::GroupLayer& layer = group_.layers[l];
      for (const std::size_t r : layer.reads) {
        const chip::GroupTensor& tensor = group_.tensors[group_.reads[r].tensor];
        const bool is_own = !tensor.producer || stages[*tensor.producer] == stages[l];
        const Pixels& source = (is_own ? there_ : before)[group_.reads[r].tensor];
        for (const Pixel& pixel : read(r, at.outer, at.inner))
          if (!source.contains(pixel))
            fault("layer {} reads what is not there in slot {}", l, slot);
      }
      bits += static_cast<std::int64_t>(made(layer.output, at.outer, at.inner).size()) *
              layer.unfinished_bits / layer.channels *
              ceil_div(layer.channels, schedule_.channel_parts);
    }
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      // What the slot needs is what its readers wanted when it began.
      there_[t] = wanted(t, stages, slot);
      bits += static_cast<std::int64_t>(there_[t].size()) * group_.tensors[t].kept_bits;
    }
    return bits;
  }

  Pixels wanted(std::size_t t, const std::vector<std::size_t>& stages, std::int64_t slot) const {
    Pixels kept;
    const bool is_again = policy(t) == HaloPolicy::again;
    for (const std::size_t r : group_.tensors[t].reads) {
      if (!group_.reads[r].is_kept) continue;
      StageStep at = stage_step(stages[group_.reads[r].layer], slot);
      if (at.number >= outer_.steps * inner_.steps) continue;
      if (at.number < 0) at.outer = at.inner = 0;
      std::int64_t later = kNever, low = kNever, left = kNever;
      const auto look = [&](std::int64_t o, std::int64_t i, std::int64_t& outer) {
        for (const Pixel& pixel : read(r, o, i)) {
          outer = std::min(outer, pixel.first);
          if (o == at.outer) left = std::min(left, pixel.second);
        }
      };
      for (std::int64_t i = at.inner; i < inner_.steps; ++i) look(at.outer, i, low);
      for (std::int64_t o = at.outer + 1; o < outer_.steps; ++o)
        for (std::int64_t i = 0; i < inner_.steps; ++i) look(o, i, later);
      const bool in_step = is_again && at.number >= 0;
      const Pixels tile = in_step ? made(t, at.outer, at.inner) : Pixels{};
      const Indices& band = outer_.made[t][static_cast<std::size_t>(at.outer)];
      for (const Pixel& pixel : there_[t]) {
        bool is_kept = false;
        switch (policy(t)) {
          case HaloPolicy::retain:
            is_kept = pixel.first >= later || (pixel.first >= low && pixel.second >= left);
            break;
          case HaloPolicy::in_band:
            is_kept = band.contains(pixel.first) && pixel.second >= left;
            break;
          case HaloPolicy::again: is_kept = tile.contains(pixel); break;
        }
        if (is_kept) kept.insert(pixel);
      }
    }
    return kept;
  }

  void note_block(std::size_t layer, std::int64_t o, std::int64_t i) {
    const std::size_t output = group_.layers[layer].output;
    const Indices& outer = outer_.made[output][static_cast<std::size_t>(o)];
    const Indices& inner = inner_.made[output][static_cast<std::size_t>(i)];
    const bool rows_first = schedule_.outer == Axis::rows;
    result_.blocks.push_back({layer, rows_first ? outer : inner, rows_first ? inner : outer});
  }

  void finish() {
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const chip::GroupTensor& tensor = group_.tensors[t];
      const auto all = static_cast<std::size_t>(tensor.height * tensor.width);
      if (tensor.is_output && ever_[t].size() != all) fault("output {} is not complete", t);
      if (ever_[t].size() != outer_.needed[t].size() * inner_.needed[t].size())
        fault("tensor {} is not made as needed", t);
    }
    for (std::size_t l = 0; l < group_.layers.size(); ++l)
      if (schedule_.resident_weights[l]) {
        result_.traffic.weight_bits += group_.layers[l].weight_bits;
        result_.weight_words += group_.layers[l].weight_words;
      }
    stage();
  }

  void stage() {
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const chip::GroupTensor& tensor = group_.tensors[t];
      const std::int64_t part = ceil_div(tensor.channels, schedule_.channel_parts);
      std::int64_t largest = 0;
      Pixels seen;
      for (std::int64_t o = 0; o < outer_.steps; ++o) {
        for (std::int64_t i = 0; i < inner_.steps; ++i) {
          std::int64_t count = 0;
          for (const Pixel& pixel : made(t, o, i))
            count += seen.insert(pixel).second || !tensor.producer ? 1 : 0;
          largest = std::max(largest, count);
        }
      }
      if (!tensor.producer)
        result_.staging_bits += double_buffered_ ? largest * tensor.fetched_bits : 0;
      else
        result_.staging_bits +=
            largest * (tensor.written_bits / tensor.channels) * part * (double_buffered_ ? 2 : 1);
    }
    for (std::size_t l = 0; l < group_.layers.size(); ++l) {
      const chip::GroupLayer& layer = group_.layers[l];
      if (schedule_.resident_weights[l]) continue;
      const std::int64_t part = ceil_div(layer.channels, schedule_.channel_parts);
      const std::int64_t bits = ceil_div(layer.weight_bits, layer.channels) * part;
      result_.weight_staging_bits =
          std::max(result_.weight_staging_bits, bits * (double_buffered_ ? 2 : 1));
    }
  }

  const Network& network_;
  const chip::FusionGraph& graph_;
  const chip::Group& group_;
  const chip::GroupSchedule& schedule_;
  bool double_buffered_;
  std::vector<std::vector<Path>> layer_paths_;
  std::vector<const Path*> paths_;  ///< by read of the group
  AxisWalk outer_, inner_;
  std::vector<std::int64_t> pixel_bits_;
  std::vector<Pixels> there_, ever_;
  FusedSimulation result_;
};

}  // namespace

PipelineSimulation simulate_pipeline(const Network& network, const chip::FusionGraph& graph,
                                     const chip::Group& group, const chip::GroupSchedule& schedule,
                                     const std::vector<std::size_t>& stages) {
  return Simulator(network, graph, group, schedule, false).run_pipeline(stages);
}

FusedSimulation simulate_fused(const Network& network, const chip::FusionGraph& graph,
                               const chip::Group& group, const chip::GroupSchedule& schedule,
                               bool double_buffered) {
  return Simulator(network, graph, group, schedule, double_buffered).run();
}

}  // namespace hwflow::testing
