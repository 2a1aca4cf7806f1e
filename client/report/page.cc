#include "client/report/page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/report/assets.h"
#include "client/report/document.h"

namespace timbre::report {
namespace {

std::string Script() {
  std::string script;
  for (const char* name : {"base.js", "plots.js", "bars.js", "curves.js", "map.js", "tables.js", "main.js"})
    absl::StrAppend(&script, Asset(name), "\n");
  return script;
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string EscapeJsonForScript(absl::string_view json) {
  return absl::StrReplaceAll(json, {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}});
}

std::string Page(const nlohmann::json& document) {
  const std::string title = EscapeHtml(document.value("title", "Report"));
  const std::string data = EscapeJsonForScript(DocumentText(document, false));
  const std::string chart_js =
      absl::StrCat("/*\n", Asset("chart_js_licence.txt"), "*/\n", Asset("chart.min.js"));
  const std::string script = Script();
  // One pass: what is put in is not searched for further marks.
  return absl::StrReplaceAll(Asset("report.html"), {{"{{title}}", title},
                                                    {"{{style}}", Asset("report.css")},
                                                    {"{{chart_js}}", chart_js},
                                                    {"{{script}}", script},
                                                    {"{{document}}", data}});
}

}  // namespace timbre::report
