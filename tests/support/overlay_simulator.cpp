#include "tests/support/overlay_simulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <tuple>

#include "tests/support/overlay_program.hpp"

namespace hwflow::testing {
namespace {

using chip::BismoShape;
using chip::Holding;
using chip::MatrixProduct;
using chip::OverlayOptions;
using chip::ProductSchedule;

struct Side : OverlaySide {
  std::vector<std::optional<Tag>> held;  ///< by address
  /// Bits of the operand, dk for each word of each plane of each row; zero in the padding.
  std::vector<std::uint64_t> bits;
};

struct Times {
  std::vector<std::int64_t> start, end;
};

class Overlay {
 public:
  Overlay(const MatrixProduct& product, const BismoShape& design, const OverlayOptions& options,
          const ProductSchedule& schedule, const ProductData& data)
      : product_(product), design_(design), options_(options), schedule_(schedule), data_(data) {
    OverlayProgram program = write_overlay_program(product, design, options, schedule);
    words_ = program.words;
    fetches_ = std::move(program.fetches);
    executes_ = std::move(program.executes);
    run_.faults = std::move(program.faults);
    run_.results.assign(static_cast<std::size_t>(product.m * product.n), 0);
    for (int s = 0; s < 2; ++s) {
      static_cast<OverlaySide&>(sides_[s]) = program.sides[s];
      sides_[s].held.resize(static_cast<std::size_t>(sides_[s].entries));
      cut_into_planes(sides_[s]);
    }
  }

  OverlayRun run() {
    keep_time();
    replay();
    return run_;
  }

 private:
  void fault(std::string what) {
    if (run_.faults.size() < 5) run_.faults.push_back(std::move(what));
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
          store(fetches_[i].side, at, std::nullopt);
      } else if (kind == fetch_end) {
        for (const auto& [at, tag] : fetches_[i].brings) store(fetches_[i].side, at, tag);
      } else {
        check_reads(executes_[i]);
        if (kind == execute_end) compute(executes_[i]);
      }
    }
  }

  void store(int s, std::int64_t at, std::optional<Tag> tag) {
    // An address beyond the memory is a fault already.
    if (at < sides_[s].entries) sides_[s].held[static_cast<std::size_t>(at)] = tag;
  }

  /// What lies at an address.
  [[nodiscard]] std::optional<Tag> load(int s, std::int64_t at) const {
    return at < sides_[s].entries ? sides_[s].held[static_cast<std::size_t>(at)] : std::nullopt;
  }

  void check_read(int s, std::int64_t at, const Tag& wanted) {
    if (load(s, at) != wanted)
      fault(fmt::format("side {} address {}: not stripe {} plane {} word {}", s, at, wanted.stripe,
                        wanted.plane, wanted.word));
  }

  void check_reads(const Execute& execute) {
    for (const Run& run : execute.runs) {
      for (std::int64_t word = 0; word < run.words; ++word) {
        Tag left = run.left, right = run.right;
        left.word += word;
        right.word += word;
        check_read(0, run.left_at + word, left);
        check_read(1, run.right_at + word, right);
      }
    }
  }

  [[nodiscard]] std::size_t first_bits(const Side& side, const Tag& tag, std::int64_t row) const {
    const std::int64_t index = tag.stripe * side.rows + row;
    return static_cast<std::size_t>(((index * side.planes + tag.plane) * words_ + tag.word) *
                                    limbs());
  }
  [[nodiscard]] std::int64_t limbs() const { return round_up(design_.dk, 64); }

  void cut_into_planes(Side& side) {
    const std::int64_t size = side.holds_weights ? product_.m : product_.n;
    side.bits.assign(
        static_cast<std::size_t>(side.stripes * side.rows * side.planes * words_ * limbs()), 0);
    for (std::int64_t index = 0; index < size; ++index) {
      for (std::int64_t k = 0; k < product_.k; ++k) {
        const auto value = static_cast<std::uint64_t>(
            side.holds_weights ? data_.weights[static_cast<std::size_t>(index * product_.k + k)]
                               : data_.inputs[static_cast<std::size_t>(k * product_.n + index)]);
        for (std::int64_t plane = 0; plane < side.planes; ++plane) {
          const Tag tag{index / side.rows, plane, k / design_.dk};
          const std::int64_t at = k % design_.dk;
          side.bits[first_bits(side, tag, index % side.rows) + static_cast<std::size_t>(at / 64)] |=
              (value >> plane & 1) << (at % 64);
        }
      }
    }
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

  /// Ones of two rows in one word of a run, by what lies in the memories.
  [[nodiscard]] std::int64_t dot(const Run& run, std::int64_t word, std::int64_t i,
                                 std::int64_t j) const {
    const std::optional<Tag> left = load(0, run.left_at + word);
    const std::optional<Tag> right = load(1, run.right_at + word);
    // Words beyond k are zero.
    if (!left || !right || left->word >= words_ || right->word >= words_) return 0;
    const std::size_t a = first_bits(sides_[0], *left, i), b = first_bits(sides_[1], *right, j);
    std::int64_t ones = 0;
    for (std::size_t limb = 0; limb < static_cast<std::size_t>(limbs()); ++limb)
      ones += std::popcount(sides_[0].bits[a + limb] & sides_[1].bits[b + limb]);
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
