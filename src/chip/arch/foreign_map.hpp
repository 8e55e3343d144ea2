#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "schema/value.hpp"

/// Reading of files that were written for other tools.
namespace hwflow::chip {

/// What was found in one foreign file.
struct Findings {
  std::string origin;              ///< name of the file
  Diagnostics problems;            ///< what is wrong or cannot be represented
  std::vector<std::string> notes;  ///< what was chosen
  std::map<std::string, std::set<std::string>> passed_over;  ///< keys by reason, without harm

  void problem(const schema::Mark& mark, std::string_view path, std::string reason,
               std::string hint = {});
  /// Once, however often it is told.
  void note(const std::string& text);
  /// The notes, and one for all keys that were passed over for the same reason.
  [[nodiscard]] std::vector<std::string> all_notes() const;
};

/// A map of a foreign file whose keys are taken one by one: finish() tells every key that nobody
/// took, so that nothing is dropped in silence. '-' and '_' in keys are the same; merge keys are
/// followed.
class ForeignMap {
 public:
  /// `value` null pointer: an empty map. What is no map is told.
  ForeignMap(const schema::Value* value, std::string path, Findings& findings);

  [[nodiscard]] bool has(std::string_view key) const;
  /// The value of a key in the document, which counts as taken; null pointer when there is none.
  const schema::Value* take(std::string_view key);
  /// As take(); a missing key is told.
  const schema::Value* require(std::string_view key);
  /// Errors  (all) the wrong type or out of range is told, and nothing returned.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<double> number(std::string_view key, double least, double most);
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  /// A list of texts, or one text cut at blanks and commas.
  std::vector<std::string> words(std::string_view key);
  ForeignMap map(std::string_view key);
  /// Elements of a list; none when the key is missing. What is no list is told.
  std::vector<const schema::Value*> list(std::string_view key);

  /// Keys that say nothing about counts: noted when they are there.
  void pass_over(std::initializer_list<std::string_view> keys, std::string_view reason);
  /// Keys that change counts in a way that is not modelled: told unless they say `neutral`.
  void refuse(std::initializer_list<std::string_view> keys, const schema::Value& neutral,
              std::string_view reason, std::string_view hint = {});
  /// Tells every key that nobody took.
  void finish();

  void problem(std::string_view key, std::string reason, std::string hint = {});
  [[nodiscard]] std::string path(std::string_view key) const;
  [[nodiscard]] Findings& findings() { return *findings_; }

 private:
  const schema::Value::Entry* entry(std::string_view key) const;

  const schema::Value* value_;
  std::vector<const schema::Value::Entry*> entries_;  ///< of the document, merge keys followed
  std::string path_;
  Findings* findings_;
  std::set<std::string, std::less<>> known_;
};

/// Texts cut at blanks and commas.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);
/// "a scalar" as text: 0.4 and '0.4' alike.
[[nodiscard]] std::string scalar_text(const schema::Value& value);

}  // namespace hwflow::chip
