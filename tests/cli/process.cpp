#include "tests/cli/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace hwflow::cli {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

void redirect(int stream, const std::string& file) {
  dup2(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), stream);
}

}  // namespace

Process::Process(const std::filesystem::path& folder, const std::vector<std::string>& words)
    : folder_(folder) {
  std::vector<std::string> copy{HWFLOW_BINARY};
  copy.insert(copy.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = (folder_ / "stdout").string(), err = (folder_ / "stderr").string();
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("cannot fork");
  if (id_ == 0) {
    redirect(STDOUT_FILENO, out);
    redirect(STDERR_FILENO, err);
    execv(argv[0], argv.data());
    _exit(127);
  }
}

Process::~Process() {
  if (!runs()) return;
  send(SIGKILL);
  wait();
}

void Process::send(int signal) const { kill(id_, signal); }

bool Process::runs() {
  if (!over_) over_ = waitpid(id_, &status_, WNOHANG) == id_;
  return !over_;
}

int Process::wait() {
  if (!over_) over_ = waitpid(id_, &status_, 0) == id_;
  return status_;
}

std::string Process::output() const { return text_of(folder_ / "stdout"); }
std::string Process::errors() const { return text_of(folder_ / "stderr"); }

}  // namespace hwflow::cli
