// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.MetricsLog;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
@Tag("slow")
class PageTest {
  private static final String NASTY = "</script><img src=x onerror=alert(1)>\"'&amp;";
  private static final String PICTURE =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

  private static Browser browser;

  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();

  @BeforeAll
  static void start() {
    browser = Browser.start();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  @Test
  void isReadableByEverybodyOnEverythingWithoutTheNetwork() throws IOException {
    ObjectNode view =
        view(RunOnDisk.in(folder.resolve("run"), 60).rounds(1, 40).validation(20, 0.9));
    view.set("details", details("cat"));
    String page = write(view);
    for (boolean dark : new boolean[] {false, true}) {
      browser.dark(dark);
      for (int width : new int[] {1280, 500}) {
        browser.size(width, 900);
        browser.open(page);
        browser.assertAccessible();
        browser.assertQuiet();
        browser.keep(String.format(Locale.ROOT, "page-%d-%s", width, dark ? "dark" : "light"));
      }
    }
    assertThat(browser.text("#top"))
        .contains("40 of 60", "accuracy 90.00 % in round 20", "balanced accuracy25.00 %");
    assertThat(browser.text("#evaluation details"))
        .contains("cat250.0 %50.0 %50.0 %", "dog2–50.0 %50.0 %", "mean of 2 classes450.0 %25.0 %–");
    assertThat(browser.script("return document.querySelectorAll('canvas').length")).isEqualTo(7L);
    assertThat(browser.text("[role=img]")).isNotNull();
    assertThat(
            browser.script(
                "return document.querySelector('[role=img]').getAttribute('aria-label')"))
        .isEqualTo(
            "Chart of loss by round. training: 1 in round 1, 0.025 in round 40, between 0.025 and"
                + " 1. validation: 0.5 in round 20, 0.5 in round 20, between 0.5 and 0.5.");
  }

  @Test
  void takesNothingFromDataForMarkup() throws IOException {
    TrainingConfig.Builder config =
        TrainingConfig.builder()
            .data("/data/" + NASTY)
            .run(folder.resolve("<img src=x onerror=alert(1)>").toString())
            .model("lenet5");
    ObjectNode view = view(RunOnDisk.in(config, 9).rounds(1, 4));
    view.set("details", details(NASTY));

    browser.open(write(view));

    assertThat(browser.text("#mistakes")).contains(NASTY);
    assertThat(browser.text("h1")).isEqualTo("Run <img src=x onerror=alert(1)>");
    assertThat(browser.script("return document.querySelectorAll('[onerror], img[src=x]').length"))
        .isEqualTo(0L);
    browser.assertQuiet();
  }

  @Test
  void runsNoScriptButItsOwn() throws IOException {
    String page = Files.readString(Path.of(URI.create(write(view(run(4))))));
    Path changed = folder.resolve("changed.html");
    Files.writeString(
        changed, page.replace("</body>", "<script>document.title='pwned'</script></body>"));

    browser.open(changed.toUri().toString());

    assertThat(browser.script("return document.title")).isEqualTo("run – Stoker");
  }

  @Test
  void opensAHundredThousandRoundsAtOnce() throws IOException {
    RunOnDisk run = run(100_000);
    byte[] page = Page.of(view(run));
    assertThat(page.length).isLessThan(500_000);
    String url = write(page);

    browser.open(url);

    Object milliseconds =
        browser.script("return performance.getEntriesByType('navigation')[0].domComplete");
    assertThat(((Number) milliseconds).doubleValue()).isLessThan(20_000);
    assertThat(browser.text("#curves")).contains("the mean of up to 100 rounds");
  }

  @Test
  void saysWhyARunEndedEarly() throws IOException {
    TrainingConfig.Builder config =
        TrainingConfig.builder()
            .data("/data")
            .run(folder.resolve("run").toString())
            .model("lenet5")
            .validateEvery(2)
            .patience(2);
    RunOnDisk run = RunOnDisk.in(config, 60).rounds(1, 6);

    browser.open(write(view(run.validation(2, 0.9).validation(4, 0.8).validation(6, 0.7))));

    assertThat(browser.text("#top"))
        .contains(
            "finished, ended early",
            "run ended after round 6 of 60: 2 validations after that of round 2 (accuracy 90.00 %)"
                + " were no better.");
    browser.assertAccessible();
  }

  @Test
  void saysSoWhereThereIsNothingYet() throws IOException {
    browser.open(write(view(RunOnDisk.in(folder.resolve("run"), 9))));

    assertThat(browser.text("main")).contains("No round is done yet.");
    browser.assertAccessible();
  }

  private RunOnDisk run(int rounds) {
    return RunOnDisk.in(folder.resolve("run"), rounds).rounds(1, rounds);
  }

  private ObjectNode view(RunOnDisk run) {
    ObjectNode view = JsonNodeFactory.instance.objectNode();
    view.putArray("runs")
        .add(
            RunView.of(
                RunSummary.of(run.folder(), hadoop, Instant.now()),
                MetricsLog.read(run.folder(), hadoop)));
    return view;
  }

  private String write(ObjectNode view) throws IOException {
    return write(Page.of(view));
  }

  private String write(byte[] page) throws IOException {
    assertThat(new String(page, StandardCharsets.UTF_8).split("</script>", -1)).hasSize(4);
    return Files.write(folder.resolve("page.html"), page).toUri().toString();
  }

  /** All sections that a report can have. */
  private static ObjectNode details(String name) {
    ObjectNode details = JsonNodeFactory.instance.objectNode();
    ObjectNode data = details.putObject("data");
    data.put("folder", "/data").put("image", "1 x 1 x 1").put("encoding", "raw");
    data.put("classes", 2).put("rejected", 0);
    data.putArray("splits").add("train");
    data.putArray("totals").add(7);
    data.putArray("rows").addObject().put("name", name).putArray("counts").add(7);
    data.putArray("samples").add(picture(name));
    ObjectNode evaluation = details.putObject("evaluation");
    evaluation.put("split", "test").put("accuracy", 0.5).put("examples", 4).put("log_loss", 0.7);
    evaluation.put("calibration_error", 0.1).put("round", 4).put("balanced_accuracy", 0.25);
    evaluation.putObject("macro").put("precision", 0.5).put("recall", 0.25).put("classes", 2);
    for (String each : new String[] {name, "dog"}) {
      evaluation
          .withArray("classes")
          .addObject()
          .put("name", each)
          .put("examples", 2)
          .put("predicted", each.equals("dog") ? 0 : 4)
          .put("precision", each.equals("dog") ? 0 : 0.5)
          .put("recall", 0.5)
          .put("f1", 0.5);
      evaluation.withArray("confusion").addArray().add(1).add(1);
    }
    details
        .putArray("mistakes")
        .add(picture(name).put("predicted", "dog").put("probability", 0.9).put("loss", 2.5));
    details.put("filters", PICTURE);
    details.putArray("notes").add("nothing (" + name + ")");
    return details;
  }

  private static ObjectNode picture(String name) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("class", name)
        .put("path", name + "/1.png")
        .put("picture", PICTURE);
  }
}
