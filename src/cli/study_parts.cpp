#include "cli/study_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schema/schema.hpp"

namespace hwflow::cli {
namespace {

bool is_in(const schema::Value& document, std::string_view block, std::string_view key) {
  const schema::Value* parent = document.find(block);
  const schema::Value* value = parent == nullptr ? nullptr : parent->find(key);
  return value != nullptr && !value->is_null();
}

Expected<schema::Value> parse(const std::filesystem::path& file) {
  const Expected<std::string> text = schema::read_text(file);
  if (!text) return Unexpected{text.error()};
  return schema::parse_yaml(*text, file.string());
}

/// The setting that gives block.key, or a key within it, a value; null: none does.
const std::string* setting_of(const std::vector<std::string>& settings, std::string_view block,
                              std::string_view key) {
  const std::string path = fmt::format("{}.{}", block, key);
  const auto found = std::ranges::find_if(settings, [&](const std::string& each) {
    if (!each.starts_with(path) || each == path + "=null") return false;
    return each.size() == path.size() || each[path.size()] == '=' || each[path.size()] == '.';
  });
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

Diagnostics refuse_other_searches(const std::filesystem::path& file,
                                  const std::vector<std::string>& settings,
                                  std::span<const OtherSearch> others) {
  const Expected<schema::Value> document = parse(file);
  Diagnostics problems;
  for (const OtherSearch& other : others) {
    if (const std::string* setting = setting_of(settings, other.block, other.key)) {
      problems.push_back({"--set " + *setting, other.reason, other.hint});
    } else if (document && is_in(*document, other.block, other.key)) {
      problems.push_back({fmt::format("{}: {}.{}", file.string(), other.block, other.key),
                          other.reason, other.hint});
    }
  }
  return problems;
}

bool has_part(const std::filesystem::path& file, const std::vector<std::string>& settings,
              std::string_view block, std::string_view key) {
  const Expected<schema::Value> document = parse(file);
  if (std::ranges::find(settings, fmt::format("{}.{}=null", block, key)) != settings.end())
    return false;
  return !document || is_in(*document, block, key) || setting_of(settings, block, key) != nullptr;
}

bool is_study(const std::string& file) {
  if (!file.ends_with(".yaml") && !file.ends_with(".yml")) return false;
  if (const Expected<schema::Value> document = parse(file))
    return document->find("study") != nullptr;
  const Expected<std::string> text = schema::read_text(file);  // a study with a mistake
  return text && (text->starts_with("study:") || text->find("\nstudy:") != std::string::npos);
}

}  // namespace hwflow::cli
