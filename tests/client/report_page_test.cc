// Opens reports in a real browser, headless: each plot must be on its canvas, and nothing may have failed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "client/report/page.h"
#include "tests/client/headless_browser.h"
#include "tests/client/report_messages.h"

namespace timbre::report {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::timbre::testing::OpenedPage;
using ::timbre::testing::OpenPage;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

class ReportInBrowserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_FALSE(std::string(TIMBRE_CHROMIUM).empty() ||
                 std::string(TIMBRE_CHROMIUM).find("NOTFOUND") != std::string::npos)
        << "CMake found no Chromium: scripts/setup installs it; then configure again";
  }

  OpenedPage Open(const std::string& page, int width_pixels = 1200) {
    WriteFile(folder_ / "report.html", page);
    OpenedPage opened = OpenPage(folder_ / "report.html", width_pixels);
    EXPECT_THAT(opened.dom, HasSubstr("<html")) << "the browser did not run";
    return opened;
  }

  static void ExpectDrawn(const OpenedPage& page, int plots) {
    EXPECT_EQ(page.Attribute("<html", "data-errors"), "0") << page.dom.substr(page.dom.find("<body"), 600);
    EXPECT_EQ(page.Attribute("<html", "data-plots"), std::to_string(plots));
    EXPECT_EQ(page.Attribute("<html", "data-drawn"), std::to_string(plots)) << page.FirstUndrawn();
  }

  TempDir folder_;
};

TEST_F(ReportInBrowserTest, EachPlotOfAProbeIsDrawnAndNoScriptFails) {
  const OpenedPage page = Open(Page(Document(WholeReport())));
  ExpectDrawn(page, 14);
  // Each series is on the canvas in its colour.
  const std::string bars = page.Attribute("id=\"plot-tags-ap\"", "data-series");
  EXPECT_THAT(bars, MatchesRegex("trained encoder=[1-9][0-9]+, untrained encoder=[1-9][0-9]+, log-mel "
                                 "statistics=[1-9][0-9]+, nearest neighbours=[1-9][0-9]+"));
  EXPECT_THAT(page.Attribute("id=\"plot-fractions\"", "data-series"),
              MatchesRegex("mAP=[1-9][0-9]+, ROC-AUC=[1-9][0-9]+"));
  EXPECT_THAT(page.Attribute("id=\"plot-map\"", "data-series"), Not(HasSubstr("=0")));
}

TEST_F(ReportInBrowserTest, TheMapIsColouredByTheTagThatIsChosen) {
  const std::string page = absl::StrReplaceAll(
      Page(Document(WholeReport())), {{"</body>",
                                       "<script>const choice = document.getElementById('map-tag'); "
                                       "choice.value = '3'; "
                                       "choice.dispatchEvent(new Event('change'));</script></body>"}});
  const OpenedPage opened = Open(page);
  ExpectDrawn(opened, 14);
  EXPECT_THAT(opened.Attribute("id=\"plot-map\"", "data-series"),
              MatchesRegex("techno=[1-9][0-9]+, other clips=[1-9][0-9]+"));
}

TEST_F(ReportInBrowserTest, TagsAndPathsStayTexts) {
  const OpenedPage page = Open(Page(Document(WholeReport())));
  EXPECT_EQ(page.Attribute("<html", "data-errors"), "0");
  EXPECT_THAT(page.dom, HasSubstr("&lt;/script&gt;&lt;script&gt;fault('injected')"));
  EXPECT_THAT(page.dom, HasSubstr("loss 4.54 &lt;b&gt;after&lt;/b&gt; 20 steps"));
}

TEST_F(ReportInBrowserTest, ATrainingHasItsCurvesAlone) {
  const OpenedPage page = Open(Page(Document(TrainingReport())), 400);
  ExpectDrawn(page, 8);
  EXPECT_THAT(page.dom, Not(HasSubstr("plot-map")));
}

TEST_F(ReportInBrowserTest, WhatIsMissingLeavesItsPlotOut) {
  ReportParts parts;
  parts.job = ProbeJob();
  auto& result = *parts.job.mutable_linear_probe_result();
  result.clear_label_fractions();
  result.clear_map();
  result.clear_bootstrap();
  result.clear_untrained();
  parts.notes = {"jobs/train-1 is not there any more: its curves are left out."};
  const OpenedPage page = Open(Page(Document(parts)));
  ExpectDrawn(page, 4);
  EXPECT_THAT(page.dom, HasSubstr("its curves are left out"));
}

TEST_F(ReportInBrowserTest, AFailedTrainingWithoutAnEventSaysWhyItFailed) {
  ReportParts parts;
  parts.job = TrainingJob();
  parts.job.clear_ssl_training_result();
  parts.job.set_state(v1::JOB_STATE_FAILED);
  parts.job.mutable_error()->set_message("the disk is full");
  parts.training = parts.job;
  const OpenedPage page = Open(Page(Document(parts)));
  ExpectDrawn(page, 0);
  EXPECT_THAT(page.dom, HasSubstr("It failed: the disk is full"));
}

TEST_F(ReportInBrowserTest, APlotThatIsNotDrawnAndAScriptThatFailsAreFound) {
  nlohmann::json document = Document(TrainingReport());
  // A series without a point: its axes are drawn, the curve is not.
  for (auto& value : document["curves"]["metrics"]["alignment"]) value = nullptr;
  OpenedPage page = Open(Page(document));
  EXPECT_EQ(page.Attribute("<html", "data-plots"), "8");
  EXPECT_EQ(page.Attribute("<html", "data-drawn"), "7");
  EXPECT_EQ(page.Attribute("id=\"plot-alignment\"", "data-drawn"), "false");

  document["curves"].erase("problems");
  page = Open(Page(document));
  EXPECT_NE(page.Attribute("<html", "data-errors"), "0");
  EXPECT_THAT(page.dom, HasSubstr("This page has a fault"));
}

}  // namespace
}  // namespace timbre::report
