#include "tests/support/overlay_program.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hwflow::testing {
namespace {

using chip::BismoShape;
using chip::Holding;
using chip::MatrixProduct;
using chip::OverlayOptions;
using chip::ProductSchedule;

class ProgramWriter {
 public:
  ProgramWriter(const MatrixProduct& product, const BismoShape& design,
                const OverlayOptions& options, const ProductSchedule& schedule)
      : product_(product), design_(design), options_(options), schedule_(schedule) {
    program_.words = words_ = round_up(product.k, design.dk);
    sides_[0].rows = design.dm;
    sides_[0].entries = design.bm;
    sides_[1].rows = design.dn;
    sides_[1].entries = design.bn;
    for (int s = 0; s < 2; ++s) {
      OverlaySide& side = sides_[s];
      side.holds_weights = (s == 0) == schedule.order.weights_left;
      side.stripes = round_up(side.holds_weights ? product.m : product.n, side.rows);
      side.planes = side.holds_weights ? product.weight_bits : product.input_bits;
    }
    outer_ = sides_[0].holds_weights == schedule.order.weights_outer ? 0 : 1;
  }

  OverlayProgram write() {
    if (schedule_.holding == Holding::stripes) {
      write_stripes();
    } else {
      write_streams();
    }
    return std::move(program_);
  }

 private:
  OverlaySide& outer() { return sides_[outer_]; }
  OverlaySide& inner() { return sides_[1 - outer_]; }

  void fault(std::string what) {
    if (program_.faults.size() < 5) program_.faults.push_back(std::move(what));
  }

  /// Cycles to bring `entries` words of some planes of one stripe.
  std::int64_t cycles_of(const OverlaySide& side, std::int64_t planes, std::int64_t entries) const {
    const std::int64_t channel = options_.fetch_channel_bits;
    std::int64_t of_stripe = 0;  // of one plane
    for (std::int64_t row = 0; row < side.rows; ++row) of_stripe += words_ * design_.dk / channel;
    if (!side.holds_weights && options_.im2col == chip::Im2col::on_chip) {
      const std::int64_t all = round_up(product_.input_elements * product_.input_bits, channel);
      of_stripe = std::min(of_stripe, round_up(all, side.stripes * side.planes));
    }
    return planes * round_up(of_stripe * entries, words_);
  }

  /// Addresses from `base` for the given planes and words of a stripe, checked against `limit`.
  Fetch fetch_of(int s, std::int64_t stripe, std::int64_t base, std::int64_t limit,
                 std::pair<std::int64_t, std::int64_t> planes,
                 std::pair<std::int64_t, std::int64_t> words) {
    Fetch fetch;
    fetch.side = s;
    std::int64_t at = base;
    for (std::int64_t plane = planes.first; plane < planes.second; ++plane) {
      for (std::int64_t word = words.first; word < words.second; ++word, ++at) {
        fetch.addresses.push_back(at);
        fetch.brings.push_back({at, {stripe, plane, word}});
        if (at >= limit || at >= sides_[s].entries)
          fault(fmt::format("address {} of {}", at, limit));
      }
    }
    const std::int64_t bytes = (at - base) * sides_[s].rows * design_.dk / 8;
    if (bytes > options_.stripe_bytes) fault(fmt::format("a fetch of {} bytes", bytes));
    fetch.cycles = cycles_of(sides_[s], planes.second - planes.first, words.second - words.first);
    return fetch;
  }

  /// Runs of all pairs of planes over some words, in the order that the units want.
  std::vector<Run> runs_of(std::int64_t left_stripe, std::int64_t right_stripe,
                           std::pair<std::int64_t, std::int64_t> words, std::int64_t left_base,
                           std::int64_t right_base) const {
    std::vector<Run> runs;
    const std::int64_t l = sides_[0].planes, r = sides_[1].planes;
    const std::int64_t count = words.second - words.first;
    for (std::int64_t diagonal = l + r - 2; diagonal >= 0; --diagonal) {
      bool is_first = true;
      for (std::int64_t i = 0; i < l; ++i) {
        const std::int64_t j = diagonal - i;
        if (j < 0 || j >= r) continue;
        Run run;
        run.left_at = left_base + i * count;
        run.right_at = right_base + j * count;
        run.left = {left_stripe, i, words.first};
        run.right = {right_stripe, j, words.first};
        run.words = count;
        if (options_.model == chip::BismoModel::trets19) {
          run.shifts_sum = is_first && diagonal != l + r - 2;
        } else {
          run.shifts_summand = diagonal;
        }
        is_first = false;
        runs.push_back(run);
      }
    }
    return runs;
  }

  [[nodiscard]] std::int64_t tile_of(std::int64_t left, std::int64_t right) const {
    return left * sides_[1].stripes + right;
  }

  std::int64_t add(Fetch fetch) {
    fetches_.push_back(std::move(fetch));
    return static_cast<std::int64_t>(fetches_.size()) - 1;
  }

  /// The outer stripes of a pass, and where each lies.
  struct Block {
    std::vector<std::int64_t> stripes, bases;
    std::int64_t limit = 0;
    std::int64_t waits_for_execute = -1;
  };

  Block block_of(std::int64_t pass, const std::vector<std::int64_t>& last_of_pass) {
    Block block;
    const std::int64_t size = outer().planes * words_;
    const std::int64_t region = outer().entries / options_.regions;
    const std::int64_t first = outer().stripes - (schedule_.passes - 1) * schedule_.block;
    const std::int64_t begin = pass == 0 ? 0 : first + (pass - 1) * schedule_.block;
    const std::int64_t end = pass == 0 ? first : begin + schedule_.block;
    const bool is_whole = outer().stripes * size <= outer().entries;
    std::int64_t base = is_whole ? begin * size : pass % options_.regions * region;
    block.limit = is_whole ? outer().entries : base + region;
    for (std::int64_t stripe = begin; stripe < end; ++stripe, base += size) {
      block.stripes.push_back(stripe);
      block.bases.push_back(base);
    }
    if (!is_whole && pass >= options_.regions)
      block.waits_for_execute = last_of_pass[static_cast<std::size_t>(pass - options_.regions)];
    return block;
  }

  Fetch outer_fetch(const Block& block, std::size_t index) {
    Fetch fetch = fetch_of(outer_, block.stripes[index], block.bases[index], block.limit,
                           {0, outer().planes}, {0, words_});
    fetch.waits_for_execute = block.waits_for_execute;
    return fetch;
  }

  /// Cuts the fetches of the next pass into `groups` parts and adds part `group`; the id of the
  /// last part of a stripe stands for the stripe.
  void add_part(std::vector<Fetch>& next, std::vector<std::int64_t>& ids, std::int64_t group,
                std::int64_t groups) {
    std::int64_t all = 0;
    for (const Fetch& fetch : next) all += fetch.cycles;
    const std::int64_t begin = all * group / groups;
    const std::int64_t end = all * (group + 1) / groups;
    std::int64_t at = 0;
    for (std::size_t i = 0; i < next.size(); ++i) {
      const std::int64_t from = std::max(begin, at), to = std::min(end, at + next[i].cycles);
      if (from < to) {
        Fetch part = next[i];
        part.cycles = to - from;
        if (from != at) part.addresses.clear();  // overwritten already
        if (from != at) part.waits_for_execute = -1;
        if (to != at + next[i].cycles) part.brings.clear();  // more to come
        ids[i] = add(std::move(part));
      }
      at += next[i].cycles;
    }
  }

  void write_stripes() {
    const std::int64_t groups = inner().stripes;
    const std::int64_t size = inner().planes * words_;
    const std::int64_t region = inner().entries / options_.regions;
    std::vector<std::int64_t> last_of_pass, last_of_piece;
    std::vector<std::int64_t> next_ids;
    for (std::int64_t pass = 0; pass < schedule_.passes; ++pass) {
      const Block block = block_of(pass, last_of_pass);
      std::vector<std::int64_t> ids = next_ids;
      if (pass == 0) {
        ids.assign(block.stripes.size(), -1);
        ids[0] = add(outer_fetch(block, 0));
      }
      std::vector<Fetch> next;
      if (pass + 1 < schedule_.passes) {
        const Block after = block_of(pass + 1, last_of_pass);
        for (std::size_t i = 0; i < after.stripes.size(); ++i)
          next.push_back(outer_fetch(after, i));
      }
      next_ids.assign(next.size(), -1);
      for (std::int64_t group = 0; group < groups; ++group) {
        const std::int64_t piece = pass * groups + group;
        const bool in_region = size <= region;
        const std::int64_t base = in_region ? piece % options_.regions * region : group * size;
        Fetch fetch = fetch_of(1 - outer_, group, base, in_region ? base + region : inner().entries,
                               {0, inner().planes}, {0, words_});
        if (in_region && piece >= options_.regions)
          fetch.waits_for_execute =
              last_of_piece[static_cast<std::size_t>(piece - options_.regions)];
        const std::int64_t inner_id = add(std::move(fetch));
        if (pass == 0 && group == 0) {
          for (std::size_t i = 1; i < ids.size(); ++i) ids[i] = add(outer_fetch(block, i));
        }
        if (!next.empty()) add_part(next, next_ids, group, groups);
        for (std::size_t i = 0; i < block.stripes.size(); ++i)
          add_tile(block.stripes[i], group, block.bases[i], base, {ids[i], inner_id});
        last_of_piece.push_back(static_cast<std::int64_t>(executes_.size()) - 1);
      }
      last_of_pass.push_back(static_cast<std::int64_t>(executes_.size()) - 1);
    }
  }

  void add_tile(std::int64_t outer_stripe, std::int64_t inner_stripe, std::int64_t outer_base,
                std::int64_t inner_base, std::vector<std::int64_t> fetches) {
    const bool is_left = outer_ == 0;
    const std::int64_t left = is_left ? outer_stripe : inner_stripe;
    const std::int64_t right = is_left ? inner_stripe : outer_stripe;
    Execute execute;
    execute.tile = tile_of(left, right);
    execute.clears = execute.finishes = true;
    execute.runs = runs_of(left, right, {0, words_}, is_left ? outer_base : inner_base,
                           is_left ? inner_base : outer_base);
    execute.waits_for_fetches = std::move(fetches);
    executes_.push_back(std::move(execute));
  }

  /// Steps of one tile when something streams: runs over a chunk, all planes or one pair.
  std::vector<std::pair<std::int64_t, std::vector<Run>>> steps_of(std::int64_t left,
                                                                  std::int64_t right) {
    std::vector<std::pair<std::int64_t, std::vector<Run>>> steps;  // chunk, runs
    const std::int64_t size = schedule_.chunk_words;
    if (!schedule_.planes_apart) {
      for (std::int64_t chunk = 0; chunk < schedule_.chunks; ++chunk)
        steps.push_back({chunk, runs_of(left, right, {chunk * size, (chunk + 1) * size}, 0, 0)});
      return steps;
    }
    for (const Run& pair : runs_of(left, right, {0, size}, 0, 0)) {
      for (std::int64_t chunk = 0; chunk < schedule_.chunks; ++chunk) {
        Run run = pair;
        run.left.word = run.right.word = chunk * size;
        run.shifts_sum = pair.shifts_sum && chunk == 0;
        steps.push_back({chunk, {run}});
      }
    }
    return steps;
  }

  void write_streams() {
    const bool holds_outer = schedule_.holding == Holding::outer;
    const std::int64_t size = schedule_.chunk_words;
    std::vector<std::int64_t> last_of_pass;
    std::vector<std::int64_t> next_ids;
    std::int64_t piece = 0;
    for (std::int64_t pass = 0; pass < outer().stripes; ++pass) {
      Block block;
      std::int64_t outer_id = -1;
      std::vector<Fetch> next;
      if (holds_outer) {
        block = block_of(pass, last_of_pass);
        outer_id = pass == 0 ? add(outer_fetch(block, 0)) : next_ids[0];
        if (pass + 1 < outer().stripes) next = {outer_fetch(block_of(pass + 1, last_of_pass), 0)};
        next_ids.assign(1, -1);
      }
      std::int64_t step_of_pass = 0;
      for (std::int64_t stripe = 0; stripe < inner().stripes; ++stripe) {
        const std::int64_t left = outer_ == 0 ? pass : stripe, right = outer_ == 0 ? stripe : pass;
        auto steps = steps_of(left, right);
        for (std::size_t i = 0; i < steps.size(); ++i, ++piece, ++step_of_pass) {
          Execute execute;
          execute.tile = tile_of(left, right);
          execute.clears = i == 0;
          execute.finishes = i + 1 == steps.size();
          execute.runs = std::move(steps[i].second);
          if (holds_outer) execute.waits_for_fetches.push_back(outer_id);
          for (int s = 0; s < 2; ++s) {
            if (s == outer_ && holds_outer) continue;
            execute.waits_for_fetches.push_back(
                add(stream_fetch(s, s == 0 ? left : right, execute, steps[i].first, piece)));
          }
          place(execute, holds_outer, block, piece, size);
          if (!next.empty())
            add_part(next, next_ids, step_of_pass,
                     inner().stripes * static_cast<std::int64_t>(steps.size()));
          executes_.push_back(std::move(execute));
        }
      }
      last_of_pass.push_back(static_cast<std::int64_t>(executes_.size()) - 1);
    }
  }

  /// Brings the chunk of one side for a step: all its planes, or the one that the step wants.
  Fetch stream_fetch(int s, std::int64_t stripe, const Execute& execute, std::int64_t chunk,
                     std::int64_t piece) {
    const std::int64_t region = sides_[s].entries / options_.regions;
    const std::int64_t base = piece % options_.regions * region;
    const std::int64_t size = schedule_.chunk_words;
    std::pair<std::int64_t, std::int64_t> planes{0, sides_[s].planes};
    if (schedule_.planes_apart) {
      const Run& run = execute.runs.front();
      const std::int64_t plane = s == 0 ? run.left.plane : run.right.plane;
      planes = {plane, plane + 1};
    }
    Fetch fetch =
        fetch_of(s, stripe, base, base + region, planes, {chunk * size, (chunk + 1) * size});
    if (piece >= options_.regions) fetch.waits_for_execute = piece - options_.regions;
    return fetch;
  }

  /// Addresses of the runs of a step.
  void place(Execute& execute, bool holds_outer, const Block& block, std::int64_t piece,
             std::int64_t size) {
    for (Run& run : execute.runs) {
      for (int s = 0; s < 2; ++s) {
        const Tag& tag = s == 0 ? run.left : run.right;
        std::int64_t& at = s == 0 ? run.left_at : run.right_at;
        if (s == outer_ && holds_outer) {
          at = block.bases[0] + tag.plane * words_ + tag.word;
          run.words = std::min(run.words, words_ - tag.word);
        } else {
          at = piece % options_.regions * (sides_[s].entries / options_.regions) +
               (schedule_.planes_apart ? 0 : tag.plane * size);
        }
      }
    }
  }

  const MatrixProduct& product_;
  const BismoShape& design_;
  const OverlayOptions& options_;
  const ProductSchedule& schedule_;
  OverlayProgram program_;
  OverlaySide (&sides_)[2] = program_.sides;
  std::vector<Fetch>& fetches_ = program_.fetches;
  std::vector<Execute>& executes_ = program_.executes;
  int outer_ = 0;
  std::int64_t words_ = 0;
};

}  // namespace

std::int64_t round_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

OverlayProgram write_overlay_program(const MatrixProduct& product, const BismoShape& design,
                                     const OverlayOptions& options,
                                     const ProductSchedule& schedule) {
  return ProgramWriter(product, design, options, schedule).write();
}

}  // namespace hwflow::testing
