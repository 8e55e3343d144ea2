#include "chip/mapping/zigzag_workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "chip/arch/foreign_map.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

constexpr std::array<std::string_view, kDimCount> kNames{"B",  "K",  "C",  "OY",
                                                         "OX", "FY", "FX", "G"};

std::optional<Dim> usual_dim(const std::string& name) {
  for (const Dim dim : kDims)
    if (kNames[index(dim)] == name) return dim;
  return std::nullopt;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string without_blanks(const std::string& text) {
  std::string kept;
  for (const char c : text)
    if (std::isspace(static_cast<unsigned char>(c)) == 0) kept += c;
  return kept;
}

/// "2*ox+1*fx" in capitals: coefficient and dimension of each term.
std::optional<std::vector<std::pair<std::int64_t, std::string>>> read_sum(std::string text) {
  std::vector<std::pair<std::int64_t, std::string>> terms;
  while (!text.empty()) {
    const std::size_t plus = text.find('+');
    std::string term = text.substr(0, plus);
    text = plus == std::string::npos ? std::string() : text.substr(plus + 1);
    const std::size_t star = term.find('*');
    std::int64_t coefficient = 1;
    if (star != std::string::npos) {
      const std::string number = term.substr(0, star);
      const bool digits = !number.empty() && number.size() < 9 &&
                          std::all_of(number.begin(), number.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
      if (!digits) return std::nullopt;
      coefficient = std::stoll(number);
      term = term.substr(star + 1);
    }
    if (term.empty() || coefficient < 1) return std::nullopt;
    terms.emplace_back(coefficient, upper(term));
  }
  if (terms.empty()) return std::nullopt;
  return terms;
}

class LayerReader {
 public:
  LayerReader(const Value& value, const std::string& path, Findings& findings)
      : map_(&value, path, findings) {}

  std::optional<LayerInput> read() {
    const std::size_t before = map_.findings().problems.size();
    const auto id = map_.integer("id", 0, 1 << 30);
    const std::string name = map_.text("name").value_or(fmt::format("layer{}", id.value_or(0)));
    map_.text("operator_type");
    read_sizes();
    read_relations();
    read_equation();
    const LayerBits bits = read_bits();
    refuse_padding();
    map_.pass_over(
        {"operand_source", "pr_loop_dims", "pr_loop_sizes", "time_dim", "constant_operands"},
        "layers are evaluated one by one");
    map_.finish();
    if (map_.findings().problems.size() != before) return std::nullopt;
    auto op = Operator::make(bounds_, operands_, Arithmetic::multiply_accumulate);
    if (!op) {
      for (const Diagnostic& d : op.error())
        map_.problem("equation", fmt::format("{}: {}", d.place, d.reason), d.hint);
      return std::nullopt;
    }
    return LayerInput{Layer{name, std::move(*op), bits},
                      dims_,
                      {{"W", Role::weights}, {"I", Role::inputs}, {"O", Role::outputs}}};
  }

 private:
  void read_sizes() {
    const std::vector<std::string> names = map_.words("loop_dims");
    std::vector<std::int64_t> sizes;
    for (const Value* size : map_.list("loop_sizes")) {
      const auto* number = size->as_int();
      const bool good = number != nullptr && *number >= 1 && *number <= (1 << 30);
      if (!good) map_.problem("loop_sizes", "must hold integers from 1");
      sizes.push_back(good ? *number : 1);
    }
    if (names.empty() || names.size() != sizes.size() || names.size() > kDimCount)
      return map_.problem("loop_dims", fmt::format("{} dimensions and {} sizes: one to {} of each",
                                                   names.size(), sizes.size(), kDimCount));
    std::set<Dim> taken;
    for (const std::string& name : names)
      if (const auto dim = usual_dim(name)) taken.insert(*dim);
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto dim = usual_dim(names[i]);
      for (const Dim each : kDims)
        if (!dim && !taken.contains(each)) dim = each;
      taken.insert(*dim);
      if (!usual_dim(names[i]))
        map_.findings().note(fmt::format("dimension {} is {} here", names[i], hwflow::name(*dim)));
      dims_.emplace_back(names[i], *dim);
      bounds_[index(*dim)] = sizes[i];
    }
  }

  void read_relations() {
    for (const Value* each : map_.list("dimension_relations")) {
      const std::string text = without_blanks(scalar_text(*each));
      const std::size_t equals = text.find('=');
      const auto sum =
          equals == std::string::npos ? std::nullopt : read_sum(text.substr(equals + 1));
      if (!sum)
        map_.problem("dimension_relations", fmt::format("'{}' is none like ix=1*ox+1*fx", text));
      else
        relations_[upper(text.substr(0, equals))] = *sum;
    }
  }

  /// O[b][k]+=W[k][c]*I[b][c]: a product that is summed.
  void read_equation() {
    const std::string text = without_blanks(map_.text("equation").value_or(""));
    const std::size_t sum = text.find("+="), times = text.find('*');
    if (sum == std::string::npos || times == std::string::npos || times < sum)
      return map_.problem("equation", fmt::format("'{}' is no sum of products", text),
                          "such as O[b][k]+=W[k][c]*I[b][c]; poolings and additions are layers of "
                          "hwflow's networks");
    read_operand(text.substr(0, sum));
    read_operand(text.substr(sum + 2, times - sum - 2));
    read_operand(text.substr(times + 1));
    std::sort(operands_.begin(), operands_.end(),
              [](const Operand& a, const Operand& b) { return a.role < b.role; });
    for (std::size_t i = 0; i < operands_.size(); ++i)
      if (operands_.size() != kRoleCount || operands_[i].role != kRoles[i])
        return map_.problem("equation", "must have the operands O, W and I once");
  }

  void read_operand(const std::string& text) {
    if (text.empty()) return;
    const char letter = text.front();
    const Role role = letter == 'O' ? Role::outputs : letter == 'W' ? Role::weights : Role::inputs;
    Operand operand{std::string(hwflow::name(role)), role, {}};
    for (std::size_t open = text.find('['); open != std::string::npos;
         open = text.find('[', open + 1)) {
      const std::size_t close = text.find(']', open);
      if (close == std::string::npos) return map_.problem("equation", "a bracket is left open");
      const std::string name = upper(text.substr(open + 1, close - open - 1));
      const auto relation = relations_.find(name);
      const auto terms = relation != relations_.end()
                             ? relation->second
                             : std::vector<std::pair<std::int64_t, std::string>>{{1, name}};
      operand.ranks.push_back(rank_of(terms));
    }
    operands_.push_back(std::move(operand));
  }

  Rank rank_of(const std::vector<std::pair<std::int64_t, std::string>>& terms) {
    Rank rank;
    for (const auto& [coefficient, name] : terms) {
      const auto found = std::find_if(dims_.begin(), dims_.end(),
                                      [&](const auto& dim) { return dim.first == name; });
      if (found == dims_.end()) {
        map_.problem("equation", fmt::format("'{}' is none of the loop_dims", name));
        continue;
      }
      rank.terms.push_back({found->second, coefficient});
      rank.extent += coefficient * (bounds_[index(found->second)] - 1);
    }
    return rank;
  }

  LayerBits read_bits() {
    ForeignMap precision = map_.map("operand_precision");
    const auto bits = [&](const char* key) {
      const auto value = precision.integer(key, 1, 64);
      return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
    };
    const auto weights = bits("W"), inputs = bits("I"), sums = bits("O"), outputs = bits("O_final");
    precision.finish();
    if (!weights || !inputs || !sums) map_.problem("operand_precision", "must give W, I and O");
    const int sum_bits = sums.value_or(32);
    return {weights.value_or(8), inputs.value_or(8), outputs.value_or(sum_bits), sum_bits};
  }

  void refuse_padding() {
    for (const Value* pair : map_.list("padding")) {
      const auto* list = pair->as_list();
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
        if ((*list)[i] != Value(0))
          return map_.problem("padding",
                              "is cut off the tensor at the outermost memory only: not "
                              "modelled",
                              "leave it out, or take the layer from one of hwflow's networks");
    }
  }

  ForeignMap map_;
  std::vector<std::pair<std::string, Dim>> dims_;
  std::map<std::string, std::vector<std::pair<std::int64_t, std::string>>> relations_;
  DimArray bounds_ = kOnes;
  std::vector<Operand> operands_;
};

}  // namespace

bool is_workload(const schema::Value& document) {
  const auto* list = document.as_list();
  return list != nullptr && !list->empty() && list->front().find("equation") != nullptr;
}

std::string dimension_name(Dim dim) { return std::string(kNames[index(dim)]); }

Expected<WorkloadInput> read_workload(const Documents& documents) {
  const Documents::Document& document = documents.all().front();
  Findings findings{document.origin, {}, {}, {}};
  WorkloadInput input;
  input.format = Format::zigzag;
  input.states_bits = true;
  const auto& layers = *document.value.as_list();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    auto layer = LayerReader(layers[i], fmt::format("[{}]", i), findings).read();
    if (layer) input.layers.push_back(std::move(*layer));
  }
  if (!findings.problems.empty()) return Unexpected{std::move(findings.problems)};
  input.notes = findings.all_notes();
  return input;
}

}  // namespace hwflow::chip::zigzag
