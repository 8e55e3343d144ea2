#include "report/page_frame.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/sections.hpp"

namespace hwflow::report {

std::string framed_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}"
      "</body>\n</html>\n",
      title, page_style(), body);
}

std::string card(std::string_view number, std::string_view meaning) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n", escape(number),
                     escape(meaning));
}

std::string files_section(const std::vector<std::string>& files) {
  if (files.empty()) return {};
  std::string list;
  for (const std::string& file : files) list += "<li>" + escape(file) + "</li>\n";
  return "<h2>Files</h2>\n<ul>\n" + list + "</ul>\n";
}

}  // namespace hwflow::report
