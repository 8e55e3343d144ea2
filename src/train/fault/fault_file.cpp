#include "train/fault/fault_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "base/enum_names.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kMostProblems = 20;

Json to_json(const Upset& upset, const integer::Plan& plan) {
  return {{"site", enum_name(upset.site)},
          {"effect", enum_name(upset.effect)},
          {"layer", plan.network.network.nodes()[upset.node].name},
          {"copy", upset.copy},
          {"element", upset.element},
          {"bits", fmt::format("{:#x}", upset.bits)}};
}

void add_outcome(Json& line, const Outcome& outcome) {
  const Tally& tally = outcome.tally;
  line["stratum"] = outcome.stratum;
  line["inferences"] = tally.inferences;
  line["masked"] = tally.masked;
  line["top1_changed"] = tally.top1_changed;
  line["top5_changed"] = tally.top5_changed;
  line["crashed"] = tally.crashed;
  line["right"] = tally.right;
}

/// `outcome`: null where there is none.
std::string line_of(std::span<const Upset> upsets, const Outcome* outcome,
                    const integer::Plan& plan) {
  Json line;
  line["upsets"] = Json::array();
  for (const Upset& upset : upsets) line["upsets"].push_back(to_json(upset, plan));
  if (outcome != nullptr) add_outcome(line, *outcome);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Reads one fault; what is wrong goes to `problems`.
class LineReader {
 public:
  LineReader(const integer::Plan& plan, std::string place, Diagnostics& problems)
      : plan_(plan), place_(std::move(place)), problems_(problems) {}

  void read(const Json& line, FaultFileContent& content) {
    const auto upsets = line.find("upsets");
    if (upsets == line.end() || !upsets->is_array())
      return wrong("has no list \"upsets\"", "a file as 'hwflow inject --out' writes");
    std::vector<Upset> fault;
    for (const Json& each : *upsets)
      if (const std::optional<Upset> upset = read_upset(each)) fault.push_back(*upset);
    content.faults.add(fault);
    if (!line.contains("inferences")) return;
    Outcome outcome;
    outcome.stratum = static_cast<std::uint32_t>(number(line, "stratum"));
    outcome.tally = {number(line, "inferences"),   number(line, "masked"),
                     number(line, "top1_changed"), number(line, "top5_changed"),
                     number(line, "crashed"),      number(line, "right")};
    content.outcomes.push_back(outcome);
  }

 private:
  void wrong(std::string reason, std::string hint = "") {
    problems_.push_back({place_, std::move(reason), std::move(hint)});
  }

  std::int64_t number(const Json& json, const char* key) {
    const auto value = json.find(key);
    if (value != json.end() && value->is_number_integer()) return value->get<std::int64_t>();
    wrong(fmt::format("\"{}\" is no integer, or absent", key));
    return 0;
  }

  std::string text(const Json& json, const char* key) {
    const auto value = json.find(key);
    if (value != json.end() && value->is_string()) return value->get<std::string>();
    wrong(fmt::format("\"{}\" is no text, or absent", key));
    return {};
  }

  std::optional<Upset> read_upset(const Json& json) {
    if (!json.is_object()) {
      wrong("an upset is no object");
      return std::nullopt;
    }
    const std::size_t before = problems_.size();
    Upset upset;
    const std::string site = text(json, "site"), layer = text(json, "layer");
    const std::string effect = json.contains("effect") ? text(json, "effect") : "flip";
    upset.copy = json.contains("copy") ? static_cast<std::uint32_t>(number(json, "copy")) : 0;
    upset.element = number(json, "element");
    upset.bits = bits_of(text(json, "bits"));
    const auto known_site = enum_value<Site>(site);
    const auto known_effect = enum_value<Effect>(effect);
    const auto& nodes = plan_.network.network.nodes();
    const auto node = std::ranges::find(nodes, layer, &Node::name);
    if (!known_site) wrong(fmt::format("site '{}' is not known", site));
    if (!known_effect) wrong(fmt::format("effect '{}' is not known", effect));
    if (node == nodes.end()) wrong(fmt::format("'{}' is no layer of this network", layer));
    if (problems_.size() > before) return std::nullopt;
    upset.site = *known_site;
    upset.effect = *known_effect;
    upset.node = static_cast<std::uint32_t>(node - nodes.begin());
    return is_there(upset, layer) ? std::optional(upset) : std::nullopt;
  }

  std::uint64_t bits_of(const std::string& text) {
    std::uint64_t bits = 0;
    const char* end = text.data() + text.size();
    const bool hexadecimal = text.starts_with("0x");
    const auto [at, error] = hexadecimal ? std::from_chars(text.data() + 2, end, bits, 16)
                                         : std::from_chars(text.data(), end, bits, 10);
    if (error != std::errc{} || at != end || bits == 0)
      wrong(fmt::format("bits '{}' are no mask", text), "as 0x80 for the eighth bit");
    return bits;
  }

  bool is_there(const Upset& upset, const std::string& layer) {
    const std::int64_t words = word_count(plan_, upset.site, upset.node, upset.copy);
    if (upset.element < 0 || upset.element >= words) {
      wrong(fmt::format("'{}' has {} {}, there is no number {}", layer, words,
                        enum_name(upset.site), upset.element));
      return false;
    }
    const int bits = word_of(plan_, upset.site, upset.node, upset.copy).bits;
    if (upset.bits >> bits != 0) {
      wrong(fmt::format("the {} of '{}' have {} bits, {:#x} has more", enum_name(upset.site), layer,
                        bits, upset.bits));
      return false;
    }
    return true;
  }

  const integer::Plan& plan_;
  std::string place_;
  Diagnostics& problems_;
};

void read_header(const Json& line, const std::string& place, CampaignSettings& found,
                 Diagnostics& problems) {
  const auto version = line.find("hwflow_faults");
  if (version == line.end() || *version != kVersion) {
    problems.push_back({place, "does not begin a list of faults", "{\"hwflow_faults\": 1}"});
    return;
  }
  const auto settings = line.find("settings");
  if (settings == line.end()) return;
  for (const auto& [key, value] : settings->items())
    if (value.is_string()) found[key] = value.get<std::string>();
}

}  // namespace

FaultFile::FaultFile(const std::filesystem::path& file, const integer::Plan& plan,
                     const CampaignSettings& settings)
    : file_(file), plan_(plan), stream_(file, std::ios::binary | std::ios::trunc) {
  const Json header{{"hwflow_faults", kVersion}, {"settings", settings}};
  stream_ << header.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  if (!stream_) throw std::system_error(errno, std::generic_category(), file.string());
}

FaultFile::FaultFile(const std::filesystem::path& file, const integer::Plan& plan,
                     std::size_t written)
    : file_(file), plan_(plan), stream_(file, std::ios::binary | std::ios::app), written_(written) {
  if (!stream_) throw std::system_error(errno, std::generic_category(), file.string());
}

void FaultFile::append(const FaultList& faults, const std::vector<Outcome>& outcomes) {
  for (; written_ < outcomes.size(); ++written_)
    stream_ << line_of(faults[written_], &outcomes[written_], plan_);
  flush();
}

void FaultFile::append(const FaultList& faults) {
  for (; written_ < faults.size(); ++written_) stream_ << line_of(faults[written_], nullptr, plan_);
  flush();
}

void FaultFile::flush() {
  stream_ << std::flush;
  if (!stream_) throw std::system_error(errno, std::generic_category(), file_.string());
}

Expected<CampaignSettings> read_settings(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Unexpected{Diagnostics{{file.string(), "cannot be read", ""}}};
  std::string text;
  std::getline(stream, text);
  CampaignSettings settings;
  Diagnostics problems;
  read_header(Json::parse(text, nullptr, /*allow_exceptions=*/false), file.string() + ":1",
              settings, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return settings;
}

Expected<FaultFileContent> read_fault_file(const std::filesystem::path& file,
                                           const integer::Plan& plan, bool repair) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Unexpected{Diagnostics{{file.string(), "cannot be read", ""}}};
  FaultFileContent content;
  Diagnostics problems;
  std::string text;
  std::uintmax_t whole = 0;  // bytes of whole lines
  for (std::size_t number = 1; std::getline(stream, text) && problems.size() < kMostProblems;
       ++number) {
    if (stream.eof()) {  // no line break: a run was killed while it wrote
      if (repair) std::filesystem::resize_file(file, whole);
      break;
    }
    whole += text.size() + 1;
    const std::string place = fmt::format("{}:{}", file.string(), number);
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded())
      problems.push_back({place, "is no JSON", "one object a line"});
    else if (number == 1)
      read_header(line, place, content.settings, problems);
    else
      LineReader(plan, place, problems).read(line, content);
  }
  if (whole == 0) problems.push_back({file.string(), "is empty", ""});
  if (problems.empty() && !content.outcomes.empty() &&
      content.outcomes.size() != content.faults.size())
    problems.push_back({file.string(), "tells how some faults ended, but not all", ""});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return content;
}

}  // namespace hwflow::train::fault
