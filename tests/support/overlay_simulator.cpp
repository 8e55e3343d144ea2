#include "tests/support/overlay_simulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace hwflow::testing {
namespace {

using chip::BismoShape;
using chip::Holding;
using chip::MatrixProduct;
using chip::OverlayOptions;
using chip::ProductSchedule;

std::int64_t round_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

/// One word of all rows of a stripe, in one bit plane.
struct Tag {
  std::int64_t stripe = 0, plane = 0, word = 0;
  bool operator==(const Tag&) const = default;
};

/// One memory and the operand that is in it.
struct Side {
  std::int64_t rows = 0, entries = 0;
  std::int64_t stripes = 0, planes = 0;
  bool holds_weights = false;
  std::map<std::int64_t, Tag> words;  ///< by address
};

struct Fetch {
  int side = 0;
  std::int64_t cycles = 0;
  std::vector<std::int64_t> addresses;               ///< overwritten from the start on
  std::vector<std::pair<std::int64_t, Tag>> brings;  ///< there from the end on
  std::int64_t waits_for_execute = -1;
};

struct Run {
  std::int64_t left_at = 0, right_at = 0;
  Tag left, right;  ///< of the first word
  std::int64_t words = 0;
  bool shifts_sum = false;          ///< accumulator one to the left, before the first word
  std::int64_t shifts_summand = 0;  ///< what is added to the left
};

struct Execute {
  std::int64_t tile = 0;
  bool clears = false, finishes = false;
  std::vector<Run> runs;
  std::vector<std::int64_t> waits_for_fetches;
};

struct Times {
  std::vector<std::int64_t> start, end;
};

class Overlay {
 public:
  Overlay(const MatrixProduct& product, const BismoShape& design, const OverlayOptions& options,
          const ProductSchedule& schedule, const ProductData& data)
      : product_(product), design_(design), options_(options), schedule_(schedule), data_(data) {
    sides_[0] = {.rows = design.dm, .entries = design.bm, .words = {}};
    sides_[1] = {.rows = design.dn, .entries = design.bn, .words = {}};
    for (int s = 0; s < 2; ++s) {
      Side& side = sides_[s];
      side.holds_weights = (s == 0) == schedule.order.weights_left;
      side.stripes = round_up(side.holds_weights ? product.m : product.n, side.rows);
      side.planes = side.holds_weights ? product.weight_bits : product.input_bits;
    }
    outer_ = sides_[0].holds_weights == schedule.order.weights_outer ? 0 : 1;
    words_ = round_up(product.k, design.dk);
    run_.results.assign(static_cast<std::size_t>(product.m * product.n), 0);
  }

  OverlayRun run() {
    if (schedule_.holding == Holding::stripes) {
      write_stripes();
    } else {
      write_streams();
    }
    keep_time();
    replay();
    return run_;
  }

 private:
  Side& outer() { return sides_[outer_]; }
  Side& inner() { return sides_[1 - outer_]; }

  void fault(std::string what) {
    if (run_.faults.size() < 5) run_.faults.push_back(std::move(what));
  }

  /// Cycles to bring `entries` words of some planes of one stripe.
  std::int64_t cycles_of(const Side& side, std::int64_t planes, std::int64_t entries) const {
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

  [[nodiscard]] std::int64_t depth() const {
    return chip::pipeline_depth(options_.model, design_.dk);
  }

  std::int64_t cycles_of(const Execute& execute) const {
    std::int64_t cycles = options_.fill == chip::PipelineFill::per_sync ? depth() : 0;
    for (const Run& run : execute.runs) {
      // A padded chunk takes its time whether or not the held side has words there.
      cycles += schedule_.holding == Holding::stripes ? run.words : schedule_.chunk_words;
      if (options_.fill == chip::PipelineFill::per_run) cycles += depth();
    }
    return cycles;
  }

  std::int64_t result_cycles() const {
    const std::int64_t bits = options_.result_width == chip::ResultWidth::accumulator
                                  ? 32
                                  : std::int64_t{product_.output_bits};
    return round_up(design_.dm * design_.dn * bits, options_.result_channel_bits);
  }

  /// Every stage in order; each instruction starts as soon as what it waits for has ended.
  void keep_time() {
    constexpr std::size_t kResultBuffers = 2;
    std::vector<std::size_t> ends_tile;  // executes that finish a tile
    std::size_t f = 0, e = 0, r = 0;
    std::int64_t fetch_free = 0, execute_free = 0, result_free = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (; f < fetches_.size(); ++f, moved = true) {
        std::int64_t start = fetch_free;
        if (const std::int64_t wait = fetches_[f].waits_for_execute; wait >= 0) {
          if (static_cast<std::size_t>(wait) >= execute_.end.size()) break;
          start = std::max(start, execute_.end[static_cast<std::size_t>(wait)]);
        }
        fetch_free = start + fetches_[f].cycles;
        fetch_.start.push_back(start);
        fetch_.end.push_back(fetch_free);
        run_.fetch_cycles += fetches_[f].cycles;
      }
      for (; e < executes_.size(); ++e, moved = true) {
        std::int64_t start = execute_free;
        bool is_ready = true;
        for (const std::int64_t wait : executes_[e].waits_for_fetches) {
          if (static_cast<std::size_t>(wait) >= fetch_.end.size()) {
            is_ready = false;
          } else {
            start = std::max(start, fetch_.end[static_cast<std::size_t>(wait)]);
          }
        }
        if (executes_[e].clears && ends_tile.size() >= kResultBuffers) {
          const std::size_t wait = ends_tile.size() - kResultBuffers;
          if (wait >= result_.end.size())
            is_ready = false;
          else
            start = std::max(start, result_.end[wait]);
        }
        if (!is_ready) break;
        execute_free = start + cycles_of(executes_[e]);
        execute_.start.push_back(start);
        execute_.end.push_back(execute_free);
        run_.execute_cycles += cycles_of(executes_[e]);
        if (executes_[e].finishes) ends_tile.push_back(e);
      }
      for (; r < ends_tile.size(); ++r, moved = true) {
        const std::int64_t start = std::max(result_free, execute_.end[ends_tile[r]]);
        result_free = start + result_cycles();
        result_.end.push_back(result_free);
        run_.result_cycles += result_cycles();
      }
    }
    if (f < fetches_.size() || e < executes_.size()) fault("the stages wait for each other");
    run_.cycles = result_free;
    if (options_.fill == chip::PipelineFill::hidden) run_.cycles += depth();
    run_.fetch_bits = run_.fetch_cycles * options_.fetch_channel_bits;
    run_.result_bits = run_.result_cycles * options_.result_channel_bits;
  }

  /// Lets fetches and executes happen in the order of time.
  void replay() {
    enum Kind { fetch_end, execute_end, fetch_start, execute_start };
    std::vector<std::tuple<std::int64_t, Kind, std::size_t>> events;
    for (std::size_t i = 0; i < fetch_.end.size(); ++i) {
      events.emplace_back(fetch_.start[i], fetch_start, i);
      events.emplace_back(fetch_.end[i], fetch_end, i);
    }
    for (std::size_t i = 0; i < execute_.end.size(); ++i) {
      events.emplace_back(execute_.start[i], execute_start, i);
      events.emplace_back(execute_.end[i], execute_end, i);
    }
    std::sort(events.begin(), events.end());
    for (const auto& [time, kind, i] : events) {
      if (kind == fetch_start) {
        for (const std::int64_t at : fetches_[i].addresses)
          sides_[fetches_[i].side].words.erase(at);
      } else if (kind == fetch_end) {
        for (const auto& [at, tag] : fetches_[i].brings) sides_[fetches_[i].side].words[at] = tag;
      } else {
        check_reads(executes_[i]);
        if (kind == execute_end) compute(executes_[i]);
      }
    }
  }

  /// What lies at an address, or nothing and a fault.
  std::optional<Tag> read(int s, std::int64_t at, const Tag& wanted) {
    const auto found = sides_[s].words.find(at);
    if (found == sides_[s].words.end() || found->second != wanted) {
      fault(fmt::format("side {} address {}: not stripe {} plane {} word {}", s, at, wanted.stripe,
                        wanted.plane, wanted.word));
      return std::nullopt;
    }
    return found->second;
  }

  void check_reads(const Execute& execute) {
    for (const Run& run : execute.runs) {
      for (std::int64_t word = 0; word < run.words; ++word) {
        Tag left = run.left, right = run.right;
        left.word += word;
        right.word += word;
        static_cast<void>(read(0, run.left_at + word, left));
        static_cast<void>(read(1, run.right_at + word, right));
      }
    }
  }

  /// Bit `plane` of element (row, k) of what a side holds; 0 in the padding.
  [[nodiscard]] int bit(const Side& side, const Tag& tag, std::int64_t row, std::int64_t at) const {
    const std::int64_t index = tag.stripe * side.rows + row;
    const std::int64_t k = tag.word * design_.dk + at;
    if (k >= product_.k || index >= (side.holds_weights ? product_.m : product_.n)) return 0;
    const std::int64_t value = side.holds_weights
                                   ? data_.weights[static_cast<std::size_t>(index * product_.k + k)]
                                   : data_.inputs[static_cast<std::size_t>(k * product_.n + index)];
    return static_cast<int>((value >> tag.plane) & 1);
  }

  void compute(const Execute& execute) {
    const auto cells = static_cast<std::size_t>(design_.dm * design_.dn);
    if (execute.clears) sums_.assign(cells, 0);
    for (const Run& run : execute.runs) {
      // The top plane of a signed number counts negatively.
      const bool negates =
          (run.left.plane == sides_[0].planes - 1) != (run.right.plane == sides_[1].planes - 1);
      if (run.shifts_sum)
        for (std::int64_t& sum : sums_) sum *= 2;
      for (std::int64_t i = 0; i < design_.dm; ++i) {
        for (std::int64_t j = 0; j < design_.dn; ++j) {
          std::int64_t ones = 0;
          for (std::int64_t word = 0; word < run.words; ++word) ones += dot(run, word, i, j);
          sums_[static_cast<std::size_t>(i * design_.dn + j)] +=
              (negates ? -ones : ones) * (std::int64_t{1} << run.shifts_summand);
        }
      }
    }
    if (execute.finishes) write_results(execute.tile);
  }

  std::int64_t dot(const Run& run, std::int64_t word, std::int64_t i, std::int64_t j) {
    const auto left = sides_[0].words.find(run.left_at + word);
    const auto right = sides_[1].words.find(run.right_at + word);
    if (left == sides_[0].words.end() || right == sides_[1].words.end()) return 0;
    std::int64_t ones = 0;
    for (std::int64_t at = 0; at < design_.dk; ++at)
      ones += bit(sides_[0], left->second, i, at) & bit(sides_[1], right->second, j, at);
    return ones;
  }

  void write_results(std::int64_t tile) {
    const std::int64_t left = tile / sides_[1].stripes, right = tile % sides_[1].stripes;
    for (std::int64_t i = 0; i < design_.dm; ++i) {
      for (std::int64_t j = 0; j < design_.dn; ++j) {
        std::int64_t row = left * design_.dm + i, column = right * design_.dn + j;
        if (!sides_[0].holds_weights) std::swap(row, column);
        if (row >= product_.m || column >= product_.n) continue;
        run_.results[static_cast<std::size_t>(row * product_.n + column)] =
            sums_[static_cast<std::size_t>(i * design_.dn + j)];
      }
    }
  }

  const MatrixProduct& product_;
  const BismoShape& design_;
  const OverlayOptions& options_;
  const ProductSchedule& schedule_;
  const ProductData& data_;
  Side sides_[2];
  int outer_ = 0;
  std::int64_t words_ = 0;
  std::vector<Fetch> fetches_;
  std::vector<Execute> executes_;
  Times fetch_, execute_, result_;
  std::vector<std::int64_t> sums_;
  OverlayRun run_;
};

}  // namespace

OverlayRun simulate_overlay(const MatrixProduct& product, const BismoShape& design,
                            const OverlayOptions& options, const ProductSchedule& schedule,
                            const ProductData& data) {
  return Overlay(product, design, options, schedule, data).run();
}

}  // namespace hwflow::testing
