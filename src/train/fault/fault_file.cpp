#include "train/fault/fault_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
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

struct TallyKey {
  const char* name;
  std::int64_t Tally::*member;
};
constexpr TallyKey kTallyKeys[] = {
    {"inferences", &Tally::inferences},     {"masked", &Tally::masked},
    {"top1_changed", &Tally::top1_changed}, {"top5_changed", &Tally::top5_changed},
    {"crashed", &Tally::crashed},           {"right", &Tally::right}};

Json to_json(const Upset& upset, const integer::Plan& plan) {
  return {{"site", enum_name(upset.site)},
          {"effect", enum_name(upset.effect)},
          {"layer", plan.network.network.nodes()[upset.node].name},
          {"copy", upset.copy},
          {"element", upset.element},
          {"bits", fmt::format("{:#x}", upset.bits)}};
}

/// `outcome`: null where there is none.
std::string line_of(std::span<const Upset> upsets, const Outcome* outcome,
                    const integer::Plan& plan) {
  Json line;
  line["upsets"] = Json::array();
  for (const Upset& upset : upsets) line["upsets"].push_back(to_json(upset, plan));
  if (outcome != nullptr) {
    line["stratum"] = outcome->stratum;
    add_outcome(*outcome, line);
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Reads one fault; what is wrong goes to `problems`.
class LineReader {
 public:
  LineReader(const integer::Plan& plan, std::string place, Diagnostics& problems)
      : plan_(plan), place_(std::move(place)), problems_(problems) {}

  FaultLine read(const Json& line) {
    FaultLine fault;
    const auto upsets = line.find("upsets");
    if (upsets == line.end() || !upsets->is_array()) {
      wrong("has no list \"upsets\"", "a file as 'hwflow inject --out' writes");
      return fault;
    }
    for (const Json& each : *upsets)
      if (const std::optional<Upset> upset = read_upset(each)) fault.upsets.push_back(*upset);
    if (!line.contains("inferences")) return fault;
    std::optional<Outcome> outcome = outcome_of(line);
    if (outcome)
      outcome->stratum = static_cast<std::uint32_t>(number(line, "stratum"));
    else
      wrong("does not tell how the fault ended: numbers of inferences, images that failed");
    fault.outcome = std::move(outcome);
    return fault;
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

/// Of the first line.
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
                     std::int64_t written)
    : file_(file), plan_(plan), stream_(file, std::ios::binary | std::ios::app), held_(written) {
  if (!stream_) throw std::system_error(errno, std::generic_category(), file.string());
}

void FaultFile::append(const FaultList& faults, std::span<const Outcome> outcomes) {
  for (std::size_t f = 0; f < outcomes.size(); ++f)
    if (--held_ < 0) stream_ << line_of(faults[f], &outcomes[f], plan_);
  held_ = std::max<std::int64_t>(held_, 0);
  flush();
}

void FaultFile::append(const FaultList& faults) {
  for (std::size_t f = 0; f < faults.size(); ++f) stream_ << line_of(faults[f], nullptr, plan_);
  flush();
}

void FaultFile::flush() {
  stream_ << std::flush;
  if (!stream_) throw std::system_error(errno, std::generic_category(), file_.string());
}

void add_outcome(const Outcome& outcome, Json& line) {
  const Tally& tally = outcome.tally;
  for (const TallyKey& key : kTallyKeys) line[key.name] = tally.*key.member;
  if (tally.failures() > 0)
    line["failed"] = Json::parse(failed_text(outcome.failed, tally.inferences));
}

std::optional<Outcome> outcome_of(const Json& line) {
  Outcome outcome;
  for (const TallyKey& key : kTallyKeys) {
    const auto value = line.find(key.name);
    if (value == line.end() || !value->is_number_integer()) return std::nullopt;
    outcome.tally.*key.member = value->get<std::int64_t>();
  }
  const auto failed = line.find("failed");
  if (failed == line.end()) return outcome;
  std::optional<FailedImages> images = parse_failed(failed->dump(), outcome.tally.inferences);
  if (!images) return std::nullopt;
  outcome.failed = std::move(*images);
  return outcome;
}

bool is_whole(const Outcome& outcome, std::int64_t images) {
  std::int64_t failures = 0;
  for (const std::uint64_t word : outcome.failed) failures += std::popcount(word);
  return outcome.tally.inferences == images && failures == outcome.tally.failures();
}

Diagnostics differing_settings(const std::filesystem::path& file, const CampaignSettings& found,
                               const CampaignSettings& wanted) {
  Diagnostics problems;
  for (const auto& [key, value] : wanted) {
    const auto before = found.find(key);
    const std::string was = before == found.end() ? std::string() : before->second;
    if (was != value)
      problems.push_back({"--resume " + file.string(),
                          fmt::format("was made with {} '{}', this run has '{}'", key, was, value),
                          "the same options, or another --out"});
  }
  return problems;
}

std::string failed_text(const FailedImages& failed, std::int64_t images) {
  constexpr std::int64_t kManyPerImage = 16;  // as text a number takes as much as 16 images' digits
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < images; ++i)
    if (has_failed(failed, static_cast<std::size_t>(i))) list.push_back(i);
  if (kManyPerImage * std::ssize(list) <= images) return Json(list).dump();
  std::string digits;
  for (std::int64_t i = 0; i < images; i += 4)
    digits += fmt::format("{:x}", (failed[static_cast<std::size_t>(i / 64)] >> (i % 64)) & 15);
  return Json(digits).dump();
}

std::optional<FailedImages> parse_failed(const std::string& text, std::int64_t images) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (images < 0 || images > (1 << 30)) return std::nullopt;
  FailedImages failed(static_cast<std::size_t>((images + 63) / 64));
  const auto add = [&](std::int64_t image) {
    if (image < 0 || image >= images) return false;
    failed[static_cast<std::size_t>(image / 64)] |= std::uint64_t{1} << (image % 64);
    return true;
  };
  if (json.is_array()) {
    for (const Json& image : json)
      if (!image.is_number_integer() || !add(image.get<std::int64_t>())) return std::nullopt;
    return failed;
  }
  if (!json.is_string()) return std::nullopt;
  const std::string digits = json.get<std::string>();
  for (std::size_t d = 0; d < digits.size(); ++d) {
    int value = 0;
    const auto [at, error] = std::from_chars(&digits[d], &digits[d] + 1, value, 16);
    if (error != std::errc{}) return std::nullopt;
    for (int bit = 0; bit < 4; ++bit)
      if ((value >> bit & 1) != 0 && !add(4 * static_cast<std::int64_t>(d) + bit))
        return std::nullopt;
  }
  return failed;
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

FaultFileReader::FaultFileReader(std::filesystem::path file, const integer::Plan& plan)
    : file_(std::move(file)), plan_(plan), stream_(file_, std::ios::binary) {
  if (!stream_) problems_.push_back({file_.string(), "cannot be read", ""});
}

std::optional<FaultLine> FaultFileReader::next() {
  std::string text;
  while (problems_.size() < kMostProblems && std::getline(stream_, text)) {
    if (stream_.eof()) break;  // no line break: a run was killed while it wrote
    bytes_ += text.size() + 1;
    const std::string place = fmt::format("{}:{}", file_.string(), ++line_);
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded())
      problems_.push_back({place, "is no JSON", "one object a line"});
    else if (line_ == 1)
      read_header(line, place, settings_, problems_);
    else
      return LineReader(plan_, place, problems_).read(line);
  }
  if (line_ == 0 && problems_.empty()) problems_.push_back({file_.string(), "is empty", ""});
  return std::nullopt;
}

Expected<FaultFileContent> read_fault_file(const std::filesystem::path& file,
                                           const integer::Plan& plan) {
  FaultFileReader reader(file, plan);
  FaultFileContent content;
  while (std::optional<FaultLine> line = reader.next()) {
    content.faults.add(line->upsets);
    if (line->outcome) content.outcomes.push_back(std::move(*line->outcome));
  }
  Diagnostics problems = reader.problems();
  if (problems.empty() && !content.outcomes.empty() &&
      content.outcomes.size() != content.faults.size())
    problems.push_back({file.string(), "tells how some faults ended, but not all", ""});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  content.settings = reader.settings();
  return content;
}

}  // namespace hwflow::train::fault
