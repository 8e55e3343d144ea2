#include "schema/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "schema/yaml_scalar.hpp"

namespace hwflow::schema {
namespace {

using Json = nlohmann::ordered_json;

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '/' || c == '.' || c == '-' || c == '+' || c == ' ';
}

/// Whether a YAML reader takes the bare text for just this string.
bool can_stand_plain(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  if (text.front() == '-' || text.front() == '.' || text.front() == '+') return false;
  if (!std::all_of(text.begin(), text.end(), is_plain_character)) return false;
  // YAML 1.1 readers take these for booleans; ours do not, but files travel.
  for (const char* word : {"y", "n", "yes", "no", "on", "off", "Y", "N", "Yes", "No", "On", "Off",
                           "YES", "NO", "ON", "OFF"}) {
    if (text == word) return false;
  }
  const Value meaning = resolve_plain_scalar(text);
  return meaning.as_string() != nullptr;
}

std::string yaml_string(const std::string& text) {
  return can_stand_plain(text) ? text : quoted(text);
}

std::string yaml_double(double x) {
  if (std::isnan(x)) return ".nan";
  if (std::isinf(x)) return x > 0 ? ".inf" : "-.inf";
  std::string text = fmt::format("{}", x);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string yaml_scalar(const Value& value) {
  if (const auto* x = value.as_bool()) return *x ? "true" : "false";
  if (const auto* x = value.as_int()) return fmt::format("{}", *x);
  if (const auto* x = value.as_double()) return yaml_double(*x);
  if (const auto* x = value.as_string()) return yaml_string(*x);
  return "null";
}

bool is_scalar(const Value& value) { return !value.as_list() && !value.as_map(); }

void write_yaml(const Value& value, std::size_t indent, std::string& out);

/// After "key:" or "-": on the same line what fits there, else an indented block.
void write_inner(const Value& value, std::size_t indent, std::string& out) {
  const auto* elements = value.as_list();
  const auto* entries = value.as_map();
  if (elements != nullptr && std::all_of(elements->begin(), elements->end(), is_scalar)) {
    out += " [";
    for (std::size_t i = 0; i < elements->size(); ++i) {
      out += (i == 0 ? "" : ", ") + yaml_scalar((*elements)[i]);
    }
    out += "]\n";
  } else if (entries != nullptr && entries->empty()) {
    out += " {}\n";
  } else if (is_scalar(value)) {
    out += ' ' + yaml_scalar(value) + '\n';
  } else {
    out += '\n';
    write_yaml(value, indent, out);
  }
}

void write_yaml(const Value& value, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (const auto* entries = value.as_map()) {
    for (const auto& entry : *entries) {
      out += margin + yaml_string(entry.key) + ':';
      write_inner(entry.value, indent + 2, out);
    }
  } else if (const auto* elements = value.as_list()) {
    for (const Value& element : *elements) {
      out += margin + '-';
      const auto* map = element.as_map();
      if (map == nullptr || map->empty()) {
        write_inner(element, indent + 2, out);
        continue;
      }
      if (!element.tag().empty()) {
        out += ' ' + element.tag() + '\n';
        write_yaml(element, indent + 2, out);
        continue;
      }
      std::string inner;
      write_yaml(element, indent + 2, inner);
      out += ' ' + inner.substr(indent + 2);  // the first key stands beside the dash
    }
  }
}

Json to_json(const Value& value) {
  if (const auto* x = value.as_bool()) return *x;
  if (const auto* x = value.as_int()) return *x;
  if (const auto* x = value.as_double()) return *x;
  if (const auto* x = value.as_string()) return *x;
  if (const auto* elements = value.as_list()) {
    Json json = Json::array();
    for (const Value& element : *elements) json.push_back(to_json(element));
    return json;
  }
  if (const auto* entries = value.as_map()) {
    Json json = Json::object();
    for (const auto& entry : *entries) json[entry.key] = to_json(entry.value);
    return json;
  }
  return nullptr;
}

}  // namespace

std::string to_yaml(const Value& value) {
  std::string out;
  const auto* entries = value.as_map();
  if (entries != nullptr && !entries->empty()) {
    write_yaml(value, 0, out);
    return out;
  }
  const auto* elements = value.as_list();
  if (elements != nullptr && !std::all_of(elements->begin(), elements->end(), is_scalar)) {
    write_yaml(value, 0, out);
    return out;
  }
  write_inner(value, 0, out);
  return out.substr(1);
}

std::string to_json_text(const Value& value) {
  return to_json(value).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace hwflow::schema
