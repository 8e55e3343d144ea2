#include "chip/arch/foreign_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schema/printable.hpp"
#include "schema/type.hpp"

namespace hwflow::chip {
namespace {

std::string normal(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

/// The entries of a map; of YAML 1.1 merge keys ("<<") what is not given beside them.
std::vector<const schema::Value::Entry*> with_merged(const schema::Value::Map& entries) {
  std::vector<const schema::Value::Entry*> own, merged;
  for (const auto& each : entries) {
    const auto* inner = each.value.as_map();
    if (each.key == "<<" && inner != nullptr) {
      const auto more = with_merged(*inner);
      merged.insert(merged.end(), more.begin(), more.end());
    } else {
      own.push_back(&each);
    }
  }
  for (const auto* each : merged) {
    const bool given = std::any_of(own.begin(), own.end(), [&](const auto* entry) {
      return normal(entry->key) == normal(each->key);
    });
    if (!given) own.push_back(each);
  }
  return own;
}

std::optional<double> number_of(const schema::Value& value) {
  if (const auto* x = value.as_int()) return static_cast<double>(*x);
  if (const auto* x = value.as_double()) return *x;
  return std::nullopt;
}

}  // namespace

void Findings::problem(const schema::Mark& mark, std::string_view path, std::string reason,
                       std::string hint) {
  problems.push_back({schema::place_of(origin, mark, path), std::move(reason), std::move(hint)});
}

void Findings::note(const std::string& text) {
  if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
}

std::vector<std::string> Findings::all_notes() const {
  std::vector<std::string> all = notes;
  for (const auto& [reason, keys] : passed_over)
    all.push_back(fmt::format("passed over, {}: {}", reason, fmt::join(keys, ", ")));
  return all;
}

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view kBetween = " ,\t\n\r";
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return words;
}

std::string scalar_text(const schema::Value& value) {
  if (const auto* x = value.as_string()) return *x;
  if (const auto* x = value.as_int()) return fmt::format("{}", *x);
  if (const auto* x = value.as_double()) return fmt::format("{}", *x);
  if (const auto* x = value.as_bool()) return *x ? "true" : "false";
  return {};
}

ForeignMap::ForeignMap(const schema::Value* value, std::string path, Findings& findings)
    : value_(value), path_(std::move(path)), findings_(&findings) {
  if (value == nullptr || value->is_null()) return;
  if (const auto* entries = value->as_map()) {
    entries_ = with_merged(*entries);
    return;
  }
  findings.problem(value->mark(), path_, fmt::format("must be a map, got {}", value->type_name()));
}

const schema::Value::Entry* ForeignMap::entry(std::string_view key) const {
  for (const auto* each : entries_)
    if (normal(each->key) == normal(key)) return each;
  return nullptr;
}

bool ForeignMap::has(std::string_view key) const { return entry(key) != nullptr; }

const schema::Value* ForeignMap::take(std::string_view key) {
  known_.insert(normal(key));
  const auto* found = entry(key);
  return found != nullptr ? &found->value : nullptr;
}

const schema::Value* ForeignMap::require(std::string_view key) {
  const schema::Value* found = take(key);
  if (found == nullptr) problem(key, "is missing");
  return found;
}

std::optional<std::int64_t> ForeignMap::integer(std::string_view key, std::int64_t least,
                                                std::int64_t most) {
  const schema::Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto* whole = value->as_int();
  if (whole != nullptr && *whole >= least && *whole <= most) return *whole;
  const auto* real = value->as_double();  // 4.0, 1e4
  if (real != nullptr && *real >= static_cast<double>(least) &&
      *real <= static_cast<double>(most) && *real == static_cast<double>(static_cast<long>(*real)))
    return static_cast<std::int64_t>(*real);
  problem(key, fmt::format(
                   "must be an integer from {} to {}, got {}", least, most,
                   whole != nullptr ? fmt::format("{}", *whole) : std::string(value->type_name())));
  return std::nullopt;
}

std::optional<double> ForeignMap::number(std::string_view key, double least, double most) {
  const schema::Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto number = number_of(*value);
  if (number && *number >= least && *number <= most) return number;
  problem(key, fmt::format("must be a number from {} to {}, got {}", least, most,
                           number ? fmt::format("{}", *number) : std::string(value->type_name())));
  return std::nullopt;
}

std::optional<std::string> ForeignMap::text(std::string_view key) {
  const schema::Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* found = value->as_string()) return *found;
  problem(key, fmt::format("must be a text, got {}", value->type_name()));
  return std::nullopt;
}

std::optional<bool> ForeignMap::flag(std::string_view key) {
  const schema::Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* found = value->as_bool()) return *found;
  problem(key, fmt::format("must be true or false, got {}", value->type_name()));
  return std::nullopt;
}

std::vector<std::string> ForeignMap::words(std::string_view key) {
  const schema::Value* value = take(key);
  if (value == nullptr || value->is_null()) return {};
  if (const auto* text = value->as_string()) return split_words(*text);
  const auto* elements = value->as_list();
  if (elements == nullptr) {
    problem(key, fmt::format("must be a list of names, got {}", value->type_name()));
    return {};
  }
  std::vector<std::string> words;
  for (const schema::Value& element : *elements) {
    const std::string text = scalar_text(element);
    if (text.empty()) problem(key, fmt::format("must hold names, got {}", element.type_name()));
    if (!text.empty()) words.push_back(text);
  }
  return words;
}

ForeignMap ForeignMap::map(std::string_view key) { return {take(key), path(key), *findings_}; }

std::vector<const schema::Value*> ForeignMap::list(std::string_view key) {
  const schema::Value* value = take(key);
  std::vector<const schema::Value*> found;
  if (value == nullptr || value->is_null()) return found;
  const auto* elements = value->as_list();
  if (elements == nullptr) problem(key, fmt::format("must be a list, got {}", value->type_name()));
  if (elements == nullptr) return found;
  for (const schema::Value& element : *elements) found.push_back(&element);
  return found;
}

void ForeignMap::pass_over(std::initializer_list<std::string_view> keys, std::string_view reason) {
  for (const std::string_view key : keys)
    if (take(key) != nullptr) findings_->passed_over[std::string(reason)].emplace(key);
}

void ForeignMap::refuse(std::initializer_list<std::string_view> keys, const schema::Value& neutral,
                        std::string_view reason, std::string_view hint) {
  for (const std::string_view key : keys) {
    const schema::Value* value = take(key);
    if (value == nullptr || value->is_null() || *value == neutral) continue;
    if (const auto* list = value->as_list(); list != nullptr && list->empty()) continue;
    problem(key, std::string(reason), std::string(hint));
  }
}

void ForeignMap::finish() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto* each : entries_) {
    if (known_.contains(normal(each->key))) continue;
    findings_->problem(each->key_mark, path(each->key), "is a key without a meaning here",
                       nearest_name_hint(normal(each->key), known));
  }
}

void ForeignMap::problem(std::string_view key, std::string reason, std::string hint) {
  const auto* found = entry(key);
  const schema::Mark mark = found != nullptr    ? found->value.mark()
                            : value_ != nullptr ? value_->mark()
                                                : schema::Mark{};
  findings_->problem(mark, path(key), std::move(reason), std::move(hint));
}

std::string ForeignMap::path(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

}  // namespace hwflow::chip
