#include <algorithm>
#include <map>

#include "schema/schema.hpp"
#include "study/study.hpp"

namespace hwflow::study {
namespace {

std::string flat_text(const schema::Value& value) {
  std::string text = schema::to_json_text(value);
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  return text;
}

void flatten(const schema::Value& value, const std::string& path,
             std::map<std::string, std::string>& leaves) {
  if (const schema::Value::Map* map = value.as_map()) {
    for (const schema::Value::Entry& entry : *map) {
      flatten(entry.value, path.empty() ? entry.key : path + "." + entry.key, leaves);
    }
    return;
  }
  leaves[path] = flat_text(value);
}

std::map<std::string, std::string> leaves_of(const std::string& yaml) {
  std::map<std::string, std::string> leaves;
  const Expected<schema::Value> document = schema::parse_yaml(yaml, "config");
  if (document) flatten(*document, "", leaves);
  return leaves;
}

}  // namespace

std::vector<std::string> differing_keys(const std::string& yaml_there,
                                        const std::string& yaml_here) {
  const std::map<std::string, std::string> there = leaves_of(yaml_there);
  const std::map<std::string, std::string> here = leaves_of(yaml_here);
  std::map<std::string, std::pair<std::string, std::string>> all;
  for (const auto& [key, text] : there) all[key].first = text;
  for (const auto& [key, text] : here) all[key].second = text;
  std::vector<std::string> differences;
  for (const auto& [key, texts] : all) {
    if (texts.first == texts.second) continue;
    const auto shown = [](const std::string& text) { return text.empty() ? "absent" : text; };
    differences.push_back(key + ": " + shown(texts.first) + " there, " + shown(texts.second) +
                          " here");
  }
  return differences;
}

}  // namespace hwflow::study
