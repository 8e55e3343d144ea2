#include "chip/mapping/timeloop_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "chip/arch/timeloop_architecture.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

constexpr std::int64_t kMostSize = std::int64_t{1} << 30;

struct Term {
  std::string dim, coefficient;  ///< empty: 1
};
struct Space {
  std::string name;
  bool is_written = false;
  std::vector<std::vector<Term>> ranks;
};
struct Shape {
  std::vector<std::string> dims;
  std::map<std::string, std::int64_t> coefficients;  ///< with their defaults
  std::vector<Space> spaces;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  return text;
}

Shape cnn_layer() {
  return {{"C", "M", "R", "S", "N", "P", "Q"},
          {{"Wstride", 1}, {"Hstride", 1}, {"Wdilation", 1}, {"Hdilation", 1}},
          {{"Weights", false, {{{"C", ""}}, {{"M", ""}}, {{"R", ""}}, {{"S", ""}}}},
           {"Inputs",
            false,
            {{{"N", ""}},
             {{"C", ""}},
             {{"R", "Wdilation"}, {"P", "Wstride"}},
             {{"S", "Hdilation"}, {"Q", "Hstride"}}}},
           {"Outputs", true, {{{"N", ""}}, {{"M", ""}}, {{"Q", ""}}, {{"P", ""}}}}}};
}

class Reader {
 public:
  Reader(const Value& problem, std::string origin, const LayerBits& bits)
      : problem_(problem), bits_(bits) {
    findings_.origin = std::move(origin);
  }

  Expected<WorkloadInput> read() {
    ForeignMap map(&problem_, "problem", findings_);
    map.take("version");
    const std::string name = map.text("name").value_or("layer");
    read_shape(map);
    const bool has_instance = map.has("instance");
    ForeignMap instance = has_instance ? map.map("instance") : map;
    if (findings_.problems.empty()) read_instance(instance);
    if (has_instance || !findings_.problems.empty()) map.finish();
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    name_dims();
    name_tensors();
    auto op = Operator::make(bounds_, operands(), Arithmetic::multiply_accumulate);
    if (!op) {
      for (const Diagnostic& d : op.error())
        findings_.problem(problem_.mark(), "problem", fmt::format("{}: {}", d.place, d.reason),
                          d.hint);
    }
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    WorkloadInput input;
    input.layers.push_back({Layer{name, std::move(*op), bits_}, dims_, tensors_});
    input.notes = findings_.all_notes();
    return input;
  }

 private:
  void read_shape(ForeignMap& map) {
    const Value* shape = map.require("shape");
    if (shape == nullptr) return;
    if (const auto* text = shape->as_string()) {
      if (lower(*text) == "cnn_layer" || lower(*text) == "cnn") {
        shape_ = cnn_layer();
      } else {
        map.problem("shape", fmt::format("the shape '{}' is not known", *text),
                    "cnn-layer, or write dimensions and data spaces out");
      }
      return;
    }
    ForeignMap out(shape, "problem.shape", findings_);
    out.take("name");
    out.take("version");
    shape_.dims = out.words("dimensions");
    const auto coefficients = out.list("coefficients");
    for (std::size_t i = 0; i < coefficients.size(); ++i) {
      ForeignMap each(coefficients[i], fmt::format("problem.shape.coefficients[{}]", i), findings_);
      const std::string name = each.text("name").value_or("");
      shape_.coefficients[name] = each.integer("default", 1, kMostSize).value_or(1);
      each.finish();
    }
    const auto spaces = out.list("data_spaces");
    for (std::size_t i = 0; i < spaces.size(); ++i)
      read_space(*spaces[i], fmt::format("problem.shape.data_spaces[{}]", i));
    out.finish();
    check_shape(out);
  }

  void check_shape(ForeignMap& out) {
    if (shape_.dims.empty() || shape_.dims.size() > kDimCount)
      out.problem("dimensions", fmt::format("has {} dimensions, 1 to {} are modelled",
                                            shape_.dims.size(), kDimCount));
    const auto written = std::count_if(shape_.spaces.begin(), shape_.spaces.end(),
                                       [](const Space& space) { return space.is_written; });
    if (shape_.spaces.size() != kRoleCount || written != 1)
      out.problem("data_spaces", "must be three, one of them read_write: two factors and a sum");
  }

  void read_space(const Value& value, const std::string& path) {
    ForeignMap map(&value, path, findings_);
    Space space;
    space.name = map.text("name").value_or("");
    space.is_written = map.flag("read_write").value_or(false);
    const auto ranks = map.list("projection");
    if (ranks.empty()) map.problem("projection", "is missing");
    for (const Value* rank : ranks) space.ranks.push_back(read_rank(*rank, map));
    map.finish();
    shape_.spaces.push_back(std::move(space));
  }

  /// [[R, Wdilation], [P, Wstride]]; a term may be a bare name.
  std::vector<Term> read_rank(const Value& value, ForeignMap& map) {
    std::vector<Term> terms;
    const auto* list = value.as_list();
    if (list == nullptr) map.problem("projection", "must hold lists of terms");
    if (list == nullptr) return terms;
    for (const Value& each : *list) {
      const auto* pair = each.as_list();
      const bool good = pair == nullptr || pair->size() == 1 || pair->size() == 2;
      Term term;
      if (good && pair == nullptr) term.dim = scalar_text(each);
      if (good && pair != nullptr) {
        term.dim = scalar_text(pair->front());
        if (pair->size() == 2) term.coefficient = scalar_text(pair->back());
      }
      const auto known = std::find(shape_.dims.begin(), shape_.dims.end(), term.dim);
      if (known == shape_.dims.end())
        map.problem("projection", fmt::format("'{}' is none of the dimensions", term.dim),
                    nearest_name_hint(term.dim, shape_.dims));
      terms.push_back(std::move(term));
    }
    return terms;
  }

  void read_instance(ForeignMap& map) {
    for (const std::string& dim : shape_.dims) {
      const bool old_k = dim == "M" && !map.has("M") && map.has("K");
      const auto bound = map.integer(old_k ? "K" : dim, 1, kMostSize);
      if (!bound && dim != "N" && findings_.problems.empty())
        map.problem(dim, "the bound of this dimension is missing");
      sizes_[dim] = bound.value_or(1);
    }
    for (auto& [name, value] : shape_.coefficients)
      value = map.integer(name, 1, kMostSize).value_or(value);
    read_densities(map);
    map.pass_over({"H", "W", "Hpad", "Wpad", "pad", "name", "H_pad", "W_pad"},
                  "the extent of inputs follows from outputs, filter, stride and dilation");
    map.finish();
  }

  /// Sparse layers move fewer words: only dense ones are modelled.
  void read_densities(ForeignMap& map) {
    for (const char* key : {"densities", "commonDensities", "common_densities"}) {
      const Value* value = map.take(key);
      if (value == nullptr || value->is_null()) continue;
      const auto* entries = value->as_map();
      bool dense = *value == Value(1) || *value == Value(1.0);
      if (entries != nullptr) {
        dense = true;
        for (const auto& entry : *entries)
          dense = dense && (entry.value == Value(1) || entry.value == Value(1.0));
      }
      if (!dense) map.problem(key, "sparse layers are not modelled", "leave it out, or 1.0");
    }
  }

  /// Usual letters keep their meaning; others take a free one, which changes no count.
  void name_dims() {
    std::array<bool, kDimCount> taken{};
    for (const std::string& name : shape_.dims)
      if (const auto dim = dimension_of(name)) taken[index(*dim)] = true;
    for (const std::string& name : shape_.dims) {
      auto dim = dimension_of(name);
      if (!dim) {
        const bool reduced = !is_in_output(name);
        for (const Dim each : reduced ? kReduced : kKept)
          if (!dim && !taken[index(each)]) dim = each;
        taken[index(*dim)] = true;
        findings_.note(fmt::format("dimension {} is {} here", name, hwflow::name(*dim)));
      }
      dims_.emplace_back(name, *dim);
      bounds_[index(*dim)] = sizes_[name];
    }
  }

  static constexpr std::array<Dim, kDimCount> kReduced{Dim::c, Dim::r, Dim::s, Dim::g,
                                                       Dim::n, Dim::k, Dim::p, Dim::q};
  static constexpr std::array<Dim, kDimCount> kKept{Dim::k, Dim::p, Dim::q, Dim::n,
                                                    Dim::g, Dim::c, Dim::r, Dim::s};

  [[nodiscard]] bool is_in_output(const std::string& dim) const {
    for (const Space& space : shape_.spaces) {
      if (!space.is_written) continue;
      for (const auto& rank : space.ranks)
        for (const Term& term : rank)
          if (term.dim == dim) return true;
    }
    return false;
  }

  void name_tensors() {
    bool inputs_named = false;
    for (const Space& space : shape_.spaces)
      inputs_named = inputs_named || (!space.is_written && role_of(space.name) == Role::inputs);
    bool weights_taken = false;
    for (const Space& space : shape_.spaces) {
      Role role = Role::outputs;
      if (!space.is_written) {
        const auto usual = role_of(space.name);
        if (usual == Role::weights || usual == Role::inputs) {
          role = *usual;
        } else {
          role = inputs_named || !weights_taken ? Role::weights : Role::inputs;
        }
        weights_taken = weights_taken || role == Role::weights;
      }
      tensors_.emplace_back(space.name, role);
      if (data_space(role) != space.name)
        findings_.note(
            fmt::format("data space {} has the role of {}", space.name, hwflow::name(role)));
    }
  }

  std::vector<Operand> operands() {
    std::vector<Operand> operands;
    for (const Role role : kRoles) {
      for (std::size_t i = 0; i < shape_.spaces.size(); ++i) {
        if (tensors_[i].second != role) continue;
        Operand operand{std::string(hwflow::name(role)), role, {}};
        for (const auto& terms : shape_.spaces[i].ranks) operand.ranks.push_back(rank_of(terms));
        operands.push_back(std::move(operand));
      }
    }
    if (operands.size() != kRoleCount)
      findings_.problem(problem_.mark(), "problem.shape.data_spaces",
                        "names give two of them the same role", "Weights, Inputs, Outputs");
    return operands;
  }

  Rank rank_of(const std::vector<Term>& terms) {
    Rank rank;
    for (const Term& term : terms) {
      AffineTerm affine;
      for (const auto& [name, dim] : dims_)
        if (name == term.dim) affine.dim = dim;
      affine.coefficient = coefficient_of(term);
      rank.extent += affine.coefficient * (bounds_[index(affine.dim)] - 1);
      rank.terms.push_back(affine);
    }
    return rank;
  }

  std::int64_t coefficient_of(const Term& term) {
    if (term.coefficient.empty()) return 1;
    const auto named = shape_.coefficients.find(term.coefficient);
    if (named != shape_.coefficients.end()) return named->second;
    const std::string& text = term.coefficient;
    const bool digits =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (digits && text.size() < 10) return std::stoll(text);
    findings_.problem(problem_.mark(), "problem.shape.data_spaces",
                      fmt::format("'{}' is none of the coefficients", text));
    return 1;
  }

  const Value& problem_;
  LayerBits bits_;
  Findings findings_;
  Shape shape_;
  std::map<std::string, std::int64_t> sizes_;
  DimArray bounds_ = kOnes;
  std::vector<std::pair<std::string, Dim>> dims_;
  std::vector<std::pair<std::string, Role>> tensors_;
};

}  // namespace

std::string dimension_name(Dim dim) {
  if (dim == Dim::k) return "M";
  std::string text(hwflow::name(dim));
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::optional<Dim> dimension_of(std::string_view name) {
  const auto named = std::find_if(kDims.begin(), kDims.end(),
                                  [&](Dim dim) { return dimension_name(dim) == name; });
  if (named == kDims.end()) return std::nullopt;
  return *named;
}

Expected<WorkloadInput> read_problem(const Documents& documents, const LayerBits& bits) {
  const auto [problem, origin] = documents.find("problem");
  return Reader(*problem, origin, bits).read();
}

}  // namespace hwflow::chip::timeloop
