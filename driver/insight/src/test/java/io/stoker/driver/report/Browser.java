// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Debian's Chromium, without a window. */
final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts it; where there is none, the test is skipped. */
  static Browser start() {
    assumeTrue(
        Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
        "No browser here, so pages are not tested: apt-get install chromium chromium-driver");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    ChromeOptions options =
        new ChromeOptions()
            .setBinary(CHROMIUM.toFile())
            .addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder().usingDriverExecutable(DRIVER.toFile()).build();
    ChromeDriver driver = new ChromeDriver(service, options);
    driver.manage().timeouts().scriptTimeout(PATIENCE);
    return new Browser(driver);
  }

  void size(int width, int height) {
    driver.manage().window().setSize(new Dimension(width, height));
  }

  void dark(boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  /** Opens a page, and waits until its script has drawn it. */
  void open(String url) {
    driver.get(url);
    until("document.documentElement.dataset.ready === 'true'");
  }

  /** Waits until an expression is true. */
  void until(String expression) {
    driver.executeAsyncScript(
        """
        const done = arguments[arguments.length - 1];
        const look = () => (%s) ? done() : setTimeout(look, 50);
        look();
        """
            .formatted(expression));
  }

  Object script(String body) {
    return driver.executeScript(body);
  }

  String text(String selector) {
    return (String) script("return document.querySelector('%s').textContent".formatted(selector));
  }

  /** Nothing was said to the console, and nothing asked of any machine but this one. */
  void assertQuiet() throws JsonProcessingException {
    assertThat(driver.manage().logs().get(LogType.BROWSER).getAll()).isEmpty();
    List<String> addresses = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
      JsonNode event = new ObjectMapper().readTree(entry.getMessage()).get("message");
      if (event.get("method").asText().equals("Network.requestWillBeSent")) {
        addresses.add(event.at("/params/request/url").asText());
      }
    }
    assertThat(addresses)
        .isNotEmpty()
        .allMatch(url -> url.matches("(file://|data:|http://127.0.0.1:).*"));
  }

  /** No serious finding of axe-core, and nothing wider than the window. */
  void assertAccessible() throws IOException {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      script(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    Object findings =
        driver.executeAsyncScript(
            """
const done = arguments[arguments.length - 1];
axe.run(document).then((result) => done(result.violations
  .filter((each) => ['serious', 'critical'].includes(each.impact))
  .map((each) => each.id + ': ' + each.nodes.map((node) => node.html).slice(0, 3).join(' '))));
""");
    assertThat((List<?>) findings).isEmpty();
    assertThat(script("return document.documentElement.scrollWidth <= innerWidth")).isEqualTo(true);
  }

  /** Keeps what is seen, to be looked at. */
  void keep(String name) throws IOException {
    Path target =
        Files.createDirectories(
            Path.of(System.getProperty("stoker.build", "target"), "screenshots"));
    File picture = driver.getScreenshotAs(OutputType.FILE);
    Files.copy(
        picture.toPath(), target.resolve(name + ".png"), StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {
    driver.quit();
  }
}
