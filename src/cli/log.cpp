#include "cli/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace hwflow::cli {

Log::Log(bool on) {
  if (!on) return;
  logger_ =
      std::make_shared<spdlog::logger>("hwflow", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger_->set_pattern("%Y-%m-%d %H:%M:%S.%e %v");
  logger_->flush_on(spdlog::level::info);
}

void Log::write(const std::string& line) const {
  if (logger_) logger_->info(line);
}

}  // namespace hwflow::cli
