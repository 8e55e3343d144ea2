#include "study/run_store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <mutex>

#include "study/finished_plan_codec.hpp"
#include "study/sqlite.hpp"

namespace hwflow::study {
namespace {

constexpr std::int64_t kApplicationId = 0x68776631;  // "hwf1", in the file's header
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kTables = R"sql(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS accuracies (
    model TEXT NOT NULL, plan TEXT NOT NULL, correct INTEGER NOT NULL, total INTEGER NOT NULL,
    PRIMARY KEY (model, plan)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS mappings (
    key TEXT NOT NULL PRIMARY KEY, mapping TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS campaigns (
    key TEXT NOT NULL PRIMARY KEY, result TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS finished (
    model TEXT NOT NULL, plan TEXT NOT NULL, options TEXT NOT NULL, result BLOB NOT NULL,
    PRIMARY KEY (model, plan, options));
  CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, study TEXT NOT NULL, config TEXT NOT NULL, hash TEXT NOT NULL,
    seed INTEGER NOT NULL, version TEXT NOT NULL, started TEXT NOT NULL, state TEXT NOT NULL,
    evaluations INTEGER NOT NULL DEFAULT 0, summary TEXT NOT NULL DEFAULT '');
  CREATE TABLE IF NOT EXISTS facts (
    run INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (run, name)) WITHOUT ROWID;
  PRAGMA application_id = {};
  PRAGMA user_version = {};
  COMMIT;)sql";

std::int64_t pragma(const Database& database, const std::string& name) {
  Statement statement = database.prepare("PRAGMA " + name);
  return statement.step() ? statement.integer(0) : 0;
}

bool is_empty(const Database& database) {
  Statement statement = database.prepare("SELECT count(*) FROM sqlite_master");
  return statement.step() && statement.integer(0) == 0;
}

/// What is wrong with a file that SQLite could open.
Diagnostics inspect(const Database& database, const std::string& file) {
  if (is_empty(database)) return {};
  if (pragma(database, "application_id") != kApplicationId) {
    return {{file, "is an SQLite file of another program", "choose another output folder"}};
  }
  const std::int64_t version = pragma(database, "user_version");
  if (version != kSchemaVersion) {
    return {{file,
             fmt::format("is a run store of version {}, this program writes version {}", version,
                         kSchemaVersion),
             "use the program that wrote it, or another output folder"}};
  }
  Statement check = database.prepare("PRAGMA quick_check(1)");
  if (check.step() && check.text(0) != "ok") {
    return {{file, "is a damaged run store: " + check.text(0), "delete it to start anew"}};
  }
  return {};
}

}  // namespace

struct RunStore::State {
  explicit State(const std::filesystem::path& file) : database(file) {}

  /// Tables of texts by key.
  [[nodiscard]] std::optional<std::string> find_text(const char* sql,
                                                     const std::string& key) const {
    const std::lock_guard lock(mutex);
    Statement find = database.prepare(sql);
    find.bind(1, key);
    if (!find.step()) return std::nullopt;
    return find.text(0);
  }
  void save_text(const char* sql, const std::string& key, const std::string& text) {
    const std::lock_guard lock(mutex);
    Statement save = database.prepare(sql);
    save.bind(1, key).bind(2, text);
    save.step();
  }

  Database database;
  mutable std::mutex mutex;
};

RunStore::RunStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunStore::~RunStore() = default;

Expected<std::unique_ptr<RunStore>> RunStore::open(const std::filesystem::path& file) {
  try {
    auto state = std::make_unique<State>(file);
    Diagnostics problems = inspect(state->database, file.string());
    if (!problems.empty()) return Unexpected{std::move(problems)};
    // WAL: a commit is one append; NORMAL: survives the death of the process at any moment.
    state->database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    state->database.run(fmt::format(fmt::runtime(kTables), kApplicationId, kSchemaVersion));
    return std::unique_ptr<RunStore>(new RunStore(std::move(state)));
  } catch (const SqliteError& error) {
    if (error.code() == SQLITE_NOTADB || error.code() == SQLITE_CORRUPT) {
      return Unexpected{Diagnostics{{file.string(), "is not a run store of this program",
                                     "delete it, or choose another output folder"}}};
    }
    if (error.code() == SQLITE_CANTOPEN) {
      return Unexpected{Diagnostics{{file.string(), "cannot be opened or created",
                                     "does its folder exist, and may you write there?"}}};
    }
    throw;
  }
}

std::optional<train::AccuracyEstimate> RunStore::find_accuracy(const std::string& model_key,
                                                               const std::string& plan_text) const {
  const std::lock_guard lock(state_->mutex);
  Statement find = state_->database.prepare(
      "SELECT correct, total FROM accuracies WHERE model = ? AND plan = ?");
  find.bind(1, model_key).bind(2, plan_text);
  if (!find.step()) return std::nullopt;
  return train::AccuracyEstimate{find.integer(0), find.integer(1)};
}

void RunStore::save_accuracy(const std::string& model_key, const std::string& plan_text,
                             const train::AccuracyEstimate& accuracy) {
  const std::lock_guard lock(state_->mutex);
  Statement save =
      state_->database.prepare("INSERT OR REPLACE INTO accuracies VALUES (?, ?, ?, ?)");
  save.bind(1, model_key).bind(2, plan_text).bind(3, accuracy.correct).bind(4, accuracy.total);
  save.step();
}

std::int64_t RunStore::count_accuracies(const std::string& model_key) const {
  const std::lock_guard lock(state_->mutex);
  Statement count = state_->database.prepare(
      "SELECT count(*) FROM accuracies WHERE model = ? AND plan NOT LIKE 'float%'");
  count.bind(1, model_key);
  return count.step() ? count.integer(0) : 0;
}

std::optional<std::string> RunStore::find_campaign(const std::string& key) const {
  return state_->find_text("SELECT result FROM campaigns WHERE key = ?", key);
}

void RunStore::save_campaign(const std::string& key, const std::string& text) {
  state_->save_text("INSERT OR REPLACE INTO campaigns VALUES (?, ?)", key, text);
}

std::optional<std::string> RunStore::find_mapping(const std::string& key) const {
  return state_->find_text("SELECT mapping FROM mappings WHERE key = ?", key);
}

void RunStore::save_mapping(const std::string& key, const std::string& mapping_text) {
  state_->save_text("INSERT OR REPLACE INTO mappings VALUES (?, ?)", key, mapping_text);
}

std::optional<train::FinishedPlan> RunStore::find_finished(const std::string& model_key,
                                                           const std::string& plan_text,
                                                           const std::string& options_text) const {
  const std::lock_guard lock(state_->mutex);
  Statement find = state_->database.prepare(
      "SELECT result FROM finished WHERE model = ? AND plan = ? AND options = ?");
  find.bind(1, model_key).bind(2, plan_text).bind(3, options_text);
  if (!find.step()) return std::nullopt;
  return decode_finished_plan(find.text(0));
}

void RunStore::save_finished(const std::string& model_key, const std::string& plan_text,
                             const std::string& options_text, const train::FinishedPlan& plan) {
  const std::string bytes = encode_finished_plan(plan);
  const std::lock_guard lock(state_->mutex);
  Statement save = state_->database.prepare("INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?)");
  save.bind(1, model_key).bind(2, plan_text).bind(3, options_text).bind_blob(4, bytes);
  save.step();
}

std::int64_t RunStore::add_run(const RunRecord& run) {
  const std::lock_guard lock(state_->mutex);
  Statement add = state_->database.prepare(
      "INSERT INTO runs (study, config, hash, seed, version, started, state) "
      "VALUES (?, ?, ?, ?, ?, ?, 'running')");
  add.bind(1, run.study).bind(2, run.config_yaml).bind(3, run.config_hash).bind(4, run.seed);
  add.bind(5, run.version).bind(6, run.started);
  add.step();
  return state_->database.last_row();
}

void RunStore::update_run(std::int64_t id, std::string_view state, std::int64_t evaluations,
                          std::string_view summary) {
  const std::lock_guard lock(state_->mutex);
  Statement update = state_->database.prepare(
      "UPDATE runs SET state = ?, evaluations = ?, summary = ? WHERE id = ?");
  update.bind(1, state).bind(2, evaluations).bind(3, summary).bind(4, id);
  update.step();
}

void RunStore::save_fact(std::int64_t run, const std::string& name, const std::string& text) {
  const std::lock_guard lock(state_->mutex);
  Statement save = state_->database.prepare("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)");
  save.bind(1, run).bind(2, name).bind(3, text);
  save.step();
}

std::optional<std::string> RunStore::find_fact(std::int64_t run, const std::string& name) const {
  const std::lock_guard lock(state_->mutex);
  Statement find = state_->database.prepare("SELECT text FROM facts WHERE run = ? AND name = ?");
  find.bind(1, run).bind(2, name);
  if (!find.step()) return std::nullopt;
  return find.text(0);
}

std::vector<RunRecord> RunStore::runs() const {
  const std::lock_guard lock(state_->mutex);
  Statement list = state_->database.prepare(
      "SELECT id, study, config, hash, seed, version, started, state, evaluations, summary "
      "FROM runs ORDER BY id");
  std::vector<RunRecord> records;
  while (list.step()) {
    records.push_back({list.integer(0), list.text(1), list.text(2), list.text(3), list.integer(4),
                       list.text(5), list.text(6), list.text(7), list.integer(8), list.text(9)});
  }
  return records;
}

}  // namespace hwflow::study
