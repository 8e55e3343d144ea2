#include "schema/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "schema/printable.hpp"
#include "schema/write.hpp"

namespace hwflow::schema {
namespace {

void flatten_type(const Type& type, const std::string& path, const std::string& alternative,
                  std::vector<KeyInfo>& rows);

void flatten_properties(const std::vector<Property>& properties, const std::string& path,
                        const std::string& alternative, std::vector<KeyInfo>& rows) {
  for (const Property& property : properties) {
    const std::string key = path.empty() ? property.key : path + '.' + property.key;
    rows.push_back({key, alternative, property.type, property.required, property.default_value,
                    property.sentence});
    flatten_type(property.type, key, alternative, rows);
  }
}

Type selector_type(const Type& type) {
  Type selector;
  selector.kind = Kind::enumeration;
  for (const Alternative& choice : type.alternatives) selector.names.push_back(choice.name);
  return selector;
}

void flatten_type(const Type& type, const std::string& path, const std::string& alternative,
                  std::vector<KeyInfo>& rows) {
  if (type.kind == Kind::list) {
    flatten_type(type.element.front(), path + "[]", alternative, rows);
  } else if (type.kind == Kind::map) {
    flatten_type(type.element.front(), path.empty() ? "*" : path + ".*", alternative, rows);
  } else if (type.kind == Kind::object) {
    flatten_properties(type.properties, path, alternative, rows);
    if (type.alternatives.empty()) return;
    rows.push_back({path.empty() ? type.selector_key : path + '.' + type.selector_key, alternative,
                    selector_type(type), true, Value{}, "Which of the alternatives this is."});
    for (const Alternative& choice : type.alternatives) {
      flatten_properties(choice.properties, path,
                         fmt::format("{}: {}", type.selector_key, choice.name), rows);
    }
  }
}

std::string label(const KeyInfo& row) {
  return row.alternative.empty() ? row.path : fmt::format("{} ({})", row.path, row.alternative);
}

/// A default in one line; the defaults of objects are those of their keys.
std::string default_text(const KeyInfo& row) {
  if (row.required) return "required";
  if (row.default_value.as_map() && row.type.kind == Kind::object) return "see its keys";
  std::string text =
      row.default_value.as_list() || row.default_value.as_map()
          ? std::regex_replace(to_json_text(row.default_value), std::regex("\\s*\n\\s*"), " ")
          : to_yaml(row.default_value);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// A path without brackets: what "levels[0].name", "levels[].name" and "levels.name" share.
std::string without_indices(std::string_view path) {
  std::string plain;
  bool inside = false;
  for (const char c : path) {
    inside = inside || c == '[';
    if (!inside) plain += c;
    inside = inside && c != ']';
  }
  return plain;
}

std::string explain_row(const KeyInfo& row, const std::vector<KeyInfo>& rows) {
  std::string text = fmt::format("{}\n  {}\n  type:    {}\n  default: {}\n", label(row),
                                 row.sentence, describe_type(row.type), default_text(row));
  std::string below;
  for (const KeyInfo& other : rows) {
    const bool is_below =
        other.path.starts_with(row.path + '.') || other.path.starts_with(row.path + '[');
    if (is_below) below += fmt::format("    {}\n", label(other));
  }
  return below.empty() ? text : text + "  keys:\n" + below;
}

std::string escape_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? "\\|" : std::string(1, c);
  return cell;
}

}  // namespace

std::vector<KeyInfo> flatten(const Type& type) {
  std::vector<KeyInfo> rows;
  flatten_type(type, "", "", rows);
  return rows;
}

std::vector<std::string> list_keys(const Type& type) {
  std::vector<std::string> keys;
  for (const KeyInfo& row : flatten(type)) keys.push_back(label(row));
  return keys;
}

Expected<std::string> explain_key(const Type& type, std::string_view key) {
  const std::vector<KeyInfo> rows = flatten(type);
  const std::string wanted = without_indices(key);
  std::string text;
  std::vector<std::string> known;
  for (const KeyInfo& row : rows) {
    const std::string plain = without_indices(row.path);
    if (plain == wanted) text += explain_row(row, rows);
    known.push_back(plain);
  }
  if (!text.empty()) return text;
  return Unexpected{
      Diagnostics{{printable(key), "unknown key", key_hint(printable(wanted), known)}}};
}

std::string markdown_rows(const Type& type) {
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const KeyInfo& row : flatten(type)) {
    text += fmt::format("| `{}`{} | {} | {} | {} |\n", row.path,
                        row.alternative.empty() ? "" : fmt::format(" ({})", row.alternative),
                        escape_cell(describe_type(row.type)), escape_cell(default_text(row)),
                        escape_cell(row.sentence));
  }
  return text;
}

}  // namespace hwflow::schema
